"""Infrastructure as code, Kubernetes packaging and manifests of dependencies: the kind of a file and what it names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.project import InfrastructureFile
from scaffold.read.infrastructure import infrastructure_kind, read_chart_template, read_infrastructure, read_manifests
from scaffold.read.manifests import manifest_reader
from scaffold.read.yaml import parse_documents


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("infra/main.tf", "terraform"),
        ("cdk.tf.json", "terraform"),
        ("main.tofu", "opentofu"),
        ("Pulumi.yaml", "pulumi"),
        ("cdk.json", "cdk"),
        ("cdktf.json", "cdktf"),
        ("infra/app.bicep", "bicep"),
        ("serverless.yml", "serverless"),
        ("fly.toml", "paas"),
        ("Procfile", "heroku"),
        ("render.yaml", "paas"),
        ("config/deploy.yml", "paas"),
        ("k8s/deploy.yml", ""),
        ("terraform.tfvars", ""),
        ("main.tf.example", ""),
        ("mobile/app.json", ""),
    ],
)
def test_kinds_by_name(path: str, kind: str) -> None:
    assert infrastructure_kind(path) == kind


def resources(found: InfrastructureFile) -> list[tuple[str, str, int]]:
    return [(kind, name, place.line) for kind, name, place in found.resources]


def test_terraform_blocks() -> None:
    text = """\
# resource "aws_s3_bucket" "commented" {}
terraform {
  backend "s3" {}
}
/* resource "aws_s3_bucket" "also" {
} */
provider "aws" { region = "eu-central-1" }
resource "aws_db_instance" "main" {
  name = "resource \\"x\\" \\"y\\" {"
}
  resource aws_ecr_repository "app" {}
data "aws_ami" "x" {
}
module "vpc" {
  source = "terraform-aws-modules/vpc/aws"
}
locals {
  script = <<-EOT
    resource "aws_s3_bucket" "inside" {
  EOT
}
resource "aws_s3_bucket" "last" {}
"""
    assert resources(read_infrastructure("main.tf", text)) == [
        ("terraform", "", 2),
        ("backend", "s3", 3),
        ("provider", "aws", 7),
        ("aws_db_instance", "main", 8),
        ("aws_ecr_repository", "app", 11),
        ("data.aws_ami", "x", 12),
        ("module", "vpc", 14),
        ("aws_s3_bucket", "last", 22),
    ]


def test_terraform_json_and_bicep() -> None:
    found = read_infrastructure("cdk.tf.json", '{\n "resource": {\n  "aws_db_instance": {\n   "main": {}\n  }\n }\n}\n')
    assert resources(found) == [("aws_db_instance", "main", 4)]
    assert read_infrastructure("x.tf.json", "{").resources == ()
    bicep = read_infrastructure(
        "a.bicep", "param x string\nresource db 'Microsoft.DBforPostgreSQL/flexibleServers@2022-12-01' = {\n}\n"
    )
    assert resources(bicep) == [("Microsoft.DBforPostgreSQL/flexibleServers", "db", 2)]
    assert resources(read_infrastructure("Procfile", "web: gunicorn app\n# x\nworker: celery\n")) == [
        ("process", "web", 1),
        ("process", "worker", 3),
    ]


def manifests(text: str, path: str = "k8s/app.yaml") -> InfrastructureFile | None:
    return read_manifests(parse_documents(path, text)[0])


def test_kubernetes_documents() -> None:
    found = manifests(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: api}\n"
    )
    assert found is not None
    assert (found.kind, resources(found)) == ("kubernetes", [("Deployment", "api", 1), ("Service", "api", 5)])
    listed = manifests(
        "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: batch/v1\n    kind: CronJob\n    metadata: {name: dump}\n"
    )
    assert listed is not None
    assert resources(listed) == [("CronJob", "dump", 4)]
    crossplane = manifests("apiVersion: rds.aws.upbound.io/v1beta1\nkind: Instance\nmetadata: {name: db}\n")
    assert crossplane is not None
    assert crossplane.kind == "crossplane"


def test_charts_kustomizations_and_cloudformation() -> None:
    chart = manifests("apiVersion: v2\nname: shop\nversion: 0.1.0\n", "deploy/Chart.yaml")
    kustomize = manifests("resources: [a.yaml]\n", "k8s/kustomization.yaml")
    stack = manifests(
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties: {X: !Ref Y}\n",
        "cfn.yml",
    )
    bare = manifests("Resources:\n  Q:\n    Type: AWS::SQS::Queue\n", "cfn.yml")
    assert chart is not None
    assert kustomize is not None
    assert stack is not None
    assert bare is not None
    assert [item.kind for item in (chart, kustomize, stack, bare)] == ["helm", "kustomize", "cloudformation", "cloudformation"]
    assert resources(stack) == [("AWS::RDS::DBInstance", "Db", 3)]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: 1\ndatasources: []\n",
        "kind: Deployment\n",
        "services: {a: {image: b}}\n",
        "apiVersion: v1\nkind: Config\n",
        "Resources: {a: {Type: x}}\n",
    ],
)
def test_other_yaml_is_no_infrastructure(text: str) -> None:
    assert manifests(text) is None


def test_a_template_of_a_chart() -> None:
    found = read_chart_template(
        "c/templates/web.yaml", "{{- if .Values.x }}\napiVersion: apps/v1\nkind: Deployment\n{{- end }}\n---\nkind: Service\n"
    )
    assert (found.kind, resources(found)) == ("helm", [("Deployment", "", 3), ("Service", "", 6)])


@pytest.mark.parametrize(
    ("path", "text", "ecosystem", "name", "names"),
    [
        ("requirements.txt", "# x\nDjango==5.0 # y\nuvicorn[standard]>=0.30\n-r base.txt\n--hash=x\nhttpx @ https://x/y.whl\ngit+https://g/x.git#egg=tool\n\nredis ; python_version > '3'\n", "python", "", ("Django", "httpx", "redis", "tool", "uvicorn")),
        ("requirements/prod.txt", "celery\n", "python", "", ("celery",)),
        ("dev-requirements.txt", "pytest\n", "python", "", ("pytest",)),
        ("pyproject.toml", '[project]\nname = "shop"\ndependencies = ["fastapi[all]>=1", "redis"]\n[project.optional-dependencies]\ndev = ["pytest"]\n[dependency-groups]\nlint = ["ruff", {include-group = "x"}]\n', "python", "shop", ("fastapi", "pytest", "redis", "ruff")),
        ("pyproject.toml", '[tool.poetry]\nname = "p"\n[tool.poetry.dependencies]\npython = "^3.11"\nflask = "*"\n[tool.poetry.group.dev.dependencies]\nmypy = "*"\n', "python", "p", ("flask", "mypy")),
        ("Pipfile", '[packages]\nflask = "*"\n[dev-packages]\npytest = "*"\n', "python", "", ("flask", "pytest")),
        ("package.json", '{"name": "web", "dependencies": {"next": "15"}, "devDependencies": {"@playwright/test": "1"}}', "node", "web", ("@playwright/test", "next")),
        ("Gemfile", "source 'x'\ngem 'rails', '~> 8'\n  gem \"pg\"\n# gem 'no'\n", "ruby", "", ("pg", "rails")),
        ("go.mod", "module github.com/team/shop\n\ngo 1.23\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n\tgolang.org/x/net v0.1.0 // indirect\n)\nrequire gorm.io/gorm v1.2.3\n", "go", "shop", ("github.com/gin-gonic/gin", "golang.org/x/net", "gorm.io/gorm")),
        ("Cargo.toml", '[package]\nname = "shop"\n[dependencies]\naxum = "0.8"\nsqlx = {version = "0.8"}\n', "rust", "shop", ("axum", "sqlx")),
        ("pom.xml", "<project><parent><artifactId>p</artifactId></parent><artifactId>shop</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>spring-web</artifactId></dependency></dependencies></project>", "java", "shop", ("spring-web",)),
        ("build.gradle.kts", 'implementation("org.springframework:spring-web:6.1")\ntestImplementation("junit:junit")\n', "java", "", ("junit", "spring-web")),
        ("composer.json", '{"name": "t/shop", "require": {"php": "8", "laravel/framework": "11"}}', "php", "t/shop", ("laravel/framework", "php")),
        ("mix.exs", "app: :shop,\n{:phoenix, \"~> 1.7\"},\n{:ecto_sql, \"x\"}\n", "elixir", "shop", ("ecto_sql", "phoenix")),
        ("src/Shop.csproj", '<Project><ItemGroup><PackageReference Include="Npgsql" Version="8" /></ItemGroup></Project>', "dotnet", "Shop", ("Npgsql",)),
    ],
)  # fmt: skip
def test_manifests(path: str, text: str, ecosystem: str, name: str, names: tuple[str, ...]) -> None:
    reader = manifest_reader(path)
    assert reader is not None
    found, problems = reader(path, text)
    assert problems == ()
    assert (found.ecosystem, found.name, found.dependencies) == (ecosystem, name, names)


def test_scripts_of_package_json() -> None:
    reader = manifest_reader("web/package.json")
    assert reader is not None
    found, _ = reader("web/package.json", '{"scripts": {"test": "vitest", "odd": 3}}')
    assert (found.folder, found.scripts) == ("web", (("test", "vitest"),))


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("package.json", '{\n "a": 1,\n}', 3),
        ("pyproject.toml", "[project]\nname = \n", 2),
        ("package.json", "[" * 100_000, 1),
        ("Cargo.toml", "a = " + "[" * 5000, 1),
    ],
)
def test_a_broken_manifest_is_a_problem_with_its_line(path: str, text: str, line: int) -> None:
    reader = manifest_reader(path)
    assert reader is not None
    found, problems = reader(path, text)
    assert found.dependencies == ()
    assert [problem.location.line for problem in problems] == [line]


def test_other_files_are_no_manifests() -> None:
    assert [
        path for path in ("README.md", "package-lock.json", "notes.txt", "docs/requirements.md") if manifest_reader(path)
    ] == []


_ALL = (
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "package.json",
    "composer.json",
    "Cargo.toml",
    "Gemfile",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "mix.exs",
    "a.csproj",
)


@given(st.text(max_size=100) | st.text(alphabet=st.sampled_from("{}[]\":,= \n'<>/a.#dependency"), max_size=100))
def test_any_text_is_read(text: str) -> None:
    lines = text.count("\n") + 1
    for path in _ALL:
        reader = manifest_reader(path)
        assert reader is not None
        assert all(1 <= problem.location.line <= lines for problem in reader(path, text)[1])
    for path in ("a.tf", "a.tf.json", "a.bicep", "Procfile", "fly.toml"):
        assert all(1 <= place.line <= lines for _, _, place in read_infrastructure(path, text).resources)
    read_chart_template("c/templates/x.yaml", text)


def test_long_hostile_terraform_takes_no_time() -> None:
    import time

    started = time.process_time()
    for piece in ('"', "/*", "<<A\n", "resource ", 'resource "a" ', "#"):
        read_infrastructure("a.tf", piece * 50_000)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", ["netlify.toml", "web/vercel.json"])
def test_a_host_of_static_sites_is_no_platform_for_what_compose_runs(name: str) -> None:
    assert infrastructure_kind(name) == "front-end-host"
