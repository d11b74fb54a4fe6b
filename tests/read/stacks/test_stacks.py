"""Which files run together: bases, overrides, overlays, named sets, the production set, environment classes."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import pytest

from scaffold.model.compose import Stack
from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, EnvEntry, EnvFile, Project
from scaffold.read.stacks import assemble

BASE = "services: {api: {image: api}, db: {image: 'postgres:16'}}\nnetworks: {back: {}}\n"
ALONE = "services: {api: {image: api}}\n"
OVERLAY = "services: {api: {restart: always}}\n"


@dataclass(frozen=True)
class Texts:
    files: dict[str, str]

    def text(self, path: str) -> str | None:
        return self.files.get(path)


def stacks(files: dict[str, str], *commands: Command, **options: object) -> dict[str, Stack]:
    texts = {path: textwrap.dedent(text) for path, text in files.items()}
    _, found, problems = assemble(texts, Texts(texts), commands=commands, **options)  # type: ignore[arg-type]
    assert problems == ()
    theirs = [stack.id for stack in found if not stack.is_kept]
    assert theirs == sorted(theirs)
    return {stack.id: stack for stack in found}


def command(text: str, path: str = "Makefile", owner: str = "up", context: str = "makefile") -> Command:
    return Command(text, context, owner, Location(path, 3))


def summary(found: dict[str, Stack]) -> dict[str, tuple[tuple[str, ...], str]]:
    return {name: (stack.files, stack.environment.value) for name, stack in found.items()}


def test_the_root_base_is_called_base_and_others_by_their_folder() -> None:
    found = stacks({"docker-compose.yml": BASE, "services/chat/compose.yaml": ALONE})
    assert summary(found) == {
        "base": (("docker-compose.yml",), "base"),
        "services/chat/base": (("services/chat/compose.yaml",), "base"),
    }
    assert found["services/chat/base"].directory == "services/chat"


def test_the_first_of_the_names_that_compose_looks_for_is_the_base() -> None:
    found = stacks({"docker-compose.yml": BASE, "docker-compose.yaml": BASE, "compose.yml": BASE, "compose.yaml": BASE})
    assert found["base"].files == ("compose.yaml",)


def test_an_override_is_a_dev_stack_of_its_own_and_the_base_stays_without_it() -> None:
    found = stacks({"compose.yaml": BASE, "compose.override.yaml": "services: {api: {ports: ['1:1']}}"})
    assert summary(found) == {
        "base": (("compose.yaml",), "base"),
        "override": (("compose.yaml", "compose.override.yaml"), "dev"),
    }
    assert (len(found["base"].services[0].ports), len(found["override"].services[0].ports)) == (0, 1)
    assert any("when no file is named" in sentence for sentence in found["override"].evidence)
    assert found["override"].extends_stack == ""


def test_a_file_that_stands_alone_is_a_stack_and_one_that_does_not_lies_over_the_base() -> None:
    found = stacks({"compose.yaml": BASE, "compose.alone.yml": ALONE, "compose.extra.yml": OVERLAY})
    assert summary(found) == {
        "alone": (("compose.alone.yml",), "base"),
        "base": (("compose.yaml",), "base"),
        "extra": (("compose.yaml", "compose.extra.yml"), "base"),
    }
    assert found["extra"].extends_stack == "base"
    assert found["extra"].resource("api") == "base/api"
    assert found["alone"].extends_stack == ""
    assert all(stack.complete for stack in found.values())


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("services: {x: {image: x, depends_on: [nobody]}}", "x uses the service nobody"),
        ("services: {x: {image: x, networks: [nowhere]}}", "x uses the network nowhere"),
        ("services: {x: {image: x, volumes: ['gone:/d']}}", "x uses the volume gone"),
        ("services: {x: {image: x, secrets: [none]}}", "x uses the secret none"),
        ("services: {x: {restart: always}}", "x has neither image nor build"),
        ("networks: {n: {}}", "it has no services"),
    ],
)
def test_a_file_that_fits_nowhere_stays_visible_and_incomplete(text: str, missing: str) -> None:
    found = stacks({"compose.yaml": BASE, "compose.broken.yml": text})
    if "networks" in text and "services" not in text:
        assert found["broken"].files == ("compose.yaml", "compose.broken.yml")
        return
    assert not found["broken"].complete
    assert found["broken"].files == ("compose.broken.yml",)
    assert any(missing in sentence for sentence in found["broken"].evidence)


def test_files_that_others_include_or_extend_are_no_stacks() -> None:
    found = stacks(
        {
            "compose.yaml": "include: [db/compose.db.yaml]\nservices: {api: {extends: {file: compose.common.yml, service: c}}}",
            "db/compose.db.yaml": "services: {db: {image: postgres}}",
            "compose.common.yml": "services: {c: {image: c}}",
        }
    )
    assert list(found) == ["base"]
    assert [service.name for service in found["base"].services] == ["api", "db"]


@pytest.mark.parametrize(
    ("text", "path", "context"),
    [
        ("docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d", "Makefile", "makefile"),
        ("docker-compose --file docker-compose.yml --file=docker-compose.prod.yml up", "README.md", "doc"),
        ("cd .. && docker compose -f docker-compose.yml -f docker-compose.prod.yml up", "scripts/up.sh", "script"),
        ("docker compose -f ../docker-compose.yml -f ../docker-compose.prod.yml up", "scripts/up.sh", "script"),
        ("COMPOSE_FILE=docker-compose.yml:docker-compose.prod.yml docker compose up", ".github/workflows/d.yml", "workflow"),
        ("docker compose -f \"docker-compose.yml\" -f 'docker-compose.prod.yml' config", "Makefile", "makefile"),
        ("docker stack deploy -c docker-compose.yml -c docker-compose.prod.yml app", "Makefile", "makefile"),
    ],
)
def test_sets_that_commands_name(text: str, path: str, context: str) -> None:
    files = {"docker-compose.yml": BASE, "docker-compose.prod.yml": ALONE}
    found = stacks(files, command(text, path, "", context))
    assert summary(found)["prod"] == (("docker-compose.yml", "docker-compose.prod.yml"), "production")
    assert any(sentence.startswith(f"{path}:3 runs") for sentence in found["prod"].evidence)
    assert found["prod"].extends_stack == "base"


def test_commands_with_unknown_files_or_variables_name_nothing() -> None:
    files = {"docker-compose.yml": BASE}
    text = "docker compose -f docker-compose.yml -f $(OVER) up; docker compose -f gone.yml up; docker compose -f ../../x.yml up"
    assert list(stacks(files, command(text))) == ["base"]


def test_a_file_of_any_name_counts_when_a_command_runs_it() -> None:
    found = stacks({"deploy/stack.yml": ALONE}, command("docker compose -f deploy/stack.yml up -d", owner="deploy"))
    assert summary(found) == {"deploy/stack": (("deploy/stack.yml",), "base")}


def test_the_make_target_gives_the_class_of_a_set_whose_names_say_nothing() -> None:
    files = {"compose.yaml": BASE, "compose.extra.yml": OVERLAY}
    text = "docker compose -f compose.yaml -f compose.extra.yml up"
    assert stacks(files, command(text, owner="dev"))["extra"].environment is EnvironmentClass.DEV
    assert stacks(files, command(text, owner="deploy-production"))["extra"].environment is EnvironmentClass.PRODUCTION
    both = (command(text, owner="dev"), command(text, owner="prod"))
    assert stacks(files, *both)["extra"].environment is EnvironmentClass.BASE


def test_compose_file_in_an_env_file_names_a_set() -> None:
    entry = EnvEntry("COMPOSE_FILE", "compose.yaml:compose.extra.yml", Location("app/.env.production", 2))
    env_files = (EnvFile("app/.env.production", "real", (entry,), "production"),)
    found = stacks({"app/compose.yaml": BASE, "app/compose.extra.yml": OVERLAY}, env_files=env_files)
    assert found["app/extra"].files == ("app/compose.yaml", "app/compose.extra.yml")
    assert found["app/extra"].environment is EnvironmentClass.PRODUCTION
    assert (
        "app/.env.production:2 sets COMPOSE_FILE to app/compose.yaml and app/compose.extra.yml" in found["app/extra"].evidence
    )


def test_the_production_set_is_the_stack_production_and_keeps_the_name_of_its_base() -> None:
    files = {
        "docker-compose.yml": BASE,
        "compose.monitoring.yaml": "services: {prom: {image: prom/prometheus}, api: {restart: always}}",
    }
    ours = frozenset({"compose.monitoring.yaml"})
    found = stacks(files, production_set=("docker-compose.yml", "compose.monitoring.yaml"), owned=ours)
    production = found["production"]
    assert (production.environment, production.extends_stack) == (EnvironmentClass.BASE, "base")
    assert production.resource("api") == "base/api"
    assert [service.name for service in production.services] == ["api", "db", "prom"]
    assert "monitoring" not in found


def test_the_production_set_stands_behind_the_users_set_that_it_lies_over() -> None:
    files = {
        "compose.nginx.yaml": BASE,
        "compose.prod.yaml": BASE,
        "compose.hardening.yaml": "services: {api: {restart: always}}",
    }
    ours = frozenset({"compose.hardening.yaml"})
    found = stacks(files, production_set=("compose.nginx.yaml", "compose.hardening.yaml"), owned=ours)
    assert list(found) == ["nginx", "production", "prod"]


def test_a_production_set_with_a_missing_file_is_no_stack() -> None:
    assert list(stacks({"compose.yaml": BASE}, production_set=("compose.yaml", "gone.yaml"))) == ["base"]


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("docker-compose.prod.yml", EnvironmentClass.PRODUCTION),
        ("docker-compose-production.yaml", EnvironmentClass.PRODUCTION),
        ("docker-compose.prd.yml", EnvironmentClass.PRODUCTION),
        ("compose.staging.yml", EnvironmentClass.STAGING),
        ("docker-compose.dev.yml", EnvironmentClass.DEV),
        ("docker-compose.local.yml", EnvironmentClass.DEV),
        ("docker-compose.test.yml", EnvironmentClass.TEST),
        ("docker-compose.ci.yml", EnvironmentClass.TEST),
        ("docker-compose.e2e.yml", EnvironmentClass.TEST),
        ("docker-compose.override.unit_tests.yml", EnvironmentClass.TEST),
        ("docker-compose.example.yml", EnvironmentClass.EXAMPLE),
        ("tests/docker-compose.yml", EnvironmentClass.TEST),
        (".devcontainer/docker-compose.yml", EnvironmentClass.DEV),
        ("docker-compose.monitoring.yml", EnvironmentClass.BASE),
        ("docker-compose.secure.yml", EnvironmentClass.BASE),
    ],
)
def test_names_of_files_and_folders_give_the_class(path: str, environment: EnvironmentClass) -> None:
    (stack,) = stacks({path: ALONE}).values()
    assert stack.environment is environment


@pytest.mark.parametrize(
    ("text", "context", "environment"),
    [
        ("curl -o compose.yml https://git.example.com/team/app/raw/main/compose.example.yml", "doc", EnvironmentClass.BASE),
        ("wget https://git.example.com/team/app/raw/main/compose.example.yml -O compose.yml", "doc", EnvironmentClass.BASE),
        ("cp compose.example.yml compose.yml", "doc", EnvironmentClass.EXAMPLE),
        ("curl -O https://git.example.com/team/app/raw/main/old-compose.example.yml", "doc", EnvironmentClass.EXAMPLE),
        (
            "curl -o compose.yml https://git.example.com/team/app/raw/main/compose.example.yml",
            "makefile",
            EnvironmentClass.EXAMPLE,
        ),
    ],
)
def test_an_example_that_a_page_tells_to_download_is_what_its_readers_run(
    text: str, context: str, environment: EnvironmentClass
) -> None:
    found = stacks({"compose.example.yml": ALONE}, command(text, "docs/hosting.md", "", context))
    assert found["example"].environment is environment


def test_the_set_of_laravel_sail_is_dev_beside_a_set_for_hosting_it_oneself() -> None:
    """Sail calls itself a development environment; its service tells that by LARAVEL_SAIL, in a file with the usual name."""
    base = "services: {laravel.test: {build: ./docker, environment: {LARAVEL_SAIL: 1}}}"
    assert stacks({"docker-compose.yml": base})["base"].environment is EnvironmentClass.BASE
    found = stacks({"docker-compose.yml": base, "docker-compose.self-hosted.yml": ALONE})
    assert (found["base"].environment, found["self-hosted"].environment) == (EnvironmentClass.DEV, EnvironmentClass.PRODUCTION)
    assert "laravel.test is Laravel Sail" in found["base"].evidence[-1]


def test_a_base_set_to_development_is_dev_only_beside_a_production_stack() -> None:
    base = "services: {api: {image: api, environment: {NODE_ENV: development}}}"
    assert stacks({"compose.yaml": base})["base"].environment is EnvironmentClass.BASE
    found = stacks({"compose.yaml": base, "compose.prod.yaml": ALONE})
    assert (found["base"].environment, found["prod"].environment) == (EnvironmentClass.DEV, EnvironmentClass.PRODUCTION)
    assert "api sets NODE_ENV to a dev value" in found["base"].evidence


def test_workflows_manifests_and_other_yaml_are_no_compose_files() -> None:
    assert (
        stacks(
            {
                ".github/workflows/docker-compose.yml": "on: push\njobs: {}\n",
                "deploy/compose.yaml": "apiVersion: v1\nkind: Service\n",
                "compose.yml": "just: something\n",
                "config.yml": ALONE,
            }
        )
        == {}
    )


def test_compose_files_are_told_as_written() -> None:
    texts = {"compose.yaml": BASE, "compose.extra.yml": OVERLAY}
    files, _, _ = assemble(texts, Texts(texts))
    assert [(file.path, file.service_names, file.is_fragment) for file in files] == [
        ("compose.extra.yml", ("api",), True),
        ("compose.yaml", ("api", "db"), False),
    ]


def test_a_broken_file_is_a_problem_and_the_others_are_read() -> None:
    texts = {"compose.yaml": BASE, "compose.bad.yml": "services: [\n"}
    _, found, problems = assemble(texts, Texts(texts))
    assert [stack.id for stack in found] == ["base"]
    assert [(problem.location.path, problem.location.line) for problem in problems] == [("compose.bad.yml", 2)]


def test_each_file_is_read_once() -> None:
    asked: list[str] = []

    class Counting:
        def text(self, path: str) -> str | None:
            asked.append(path)
            return {"compose.yaml": BASE, "compose.a.yml": OVERLAY, "compose.b.yml": OVERLAY}.get(path)

    assemble(["compose.yaml", "compose.a.yml", "compose.b.yml"], Counting())
    compose = [path for path in asked if path.endswith(("yml", "yaml"))]
    assert sorted(compose) == ["compose.a.yml", "compose.b.yml", "compose.yaml"]


def test_a_dev_set_keeps_its_own_name_for_its_gaps() -> None:
    found = stacks({"compose.yaml": BASE, "compose.dev.yml": OVERLAY})
    assert found["dev"].resource("api") == "dev/api"


def test_the_same_files_in_any_order_of_the_inventory_give_the_same_stacks() -> None:
    texts = {"compose.yaml": BASE, "a/compose.yml": ALONE, "compose.z.yml": OVERLAY, "compose.prod.yml": ALONE}
    first = assemble(list(texts), Texts(texts))[1]
    second = assemble(list(reversed(texts)), Texts(texts))[1]
    assert first == second


# --- what the user says -----------------------------------------------------------------------------------------------


def test_the_set_that_the_user_calls_production_is_the_only_one() -> None:
    files = {
        "docker-compose.yml": BASE,
        "docker-compose.deploy.yml": ALONE,
        "ops/live.yaml": OVERLAY,
        "web/compose.yaml": ALONE,
    }
    before = stacks(files)
    assert before["deploy"].environment is EnvironmentClass.PRODUCTION
    found = stacks(files, chosen=("docker-compose.yml", "ops/live.yaml"))
    by_files = {stack.files: stack for stack in found.values()}
    chosen = by_files["docker-compose.yml", "ops/live.yaml"]
    assert chosen.environment is EnvironmentClass.PRODUCTION
    assert "scaffold.yaml names this set as what production runs" in chosen.evidence
    assert by_files["docker-compose.yml",].environment is EnvironmentClass.BASE
    assert by_files["docker-compose.deploy.yml",].environment is EnvironmentClass.STAGING
    assert by_files["web/compose.yaml",].environment is EnvironmentClass.DEV


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("# Used for internal testing only.\n", EnvironmentClass.TEST),
        ("# THIS IS NOT TO BE USED FOR PERSONAL DEPLOYMENTS!\n# Internal image\n", EnvironmentClass.TEST),
        ("# do not use in production\n", EnvironmentClass.TEST),
        ("# Runs on the production host; tests live elsewhere\n", EnvironmentClass.PRODUCTION),
        ("", EnvironmentClass.PRODUCTION),
    ],
)
def test_a_file_that_is_called_deploy_and_says_it_is_for_tests_is_no_production(head: str, kind: EnvironmentClass) -> None:
    assert stacks({"docker-compose.deploy.yml": head + ALONE})["deploy"].environment is kind


def test_what_lies_over_a_base_from_a_folder_of_tests_is_for_tests() -> None:
    found = stacks(
        {"compose.yml": BASE, "tests/load/compose.bench.yml": OVERLAY},
        command("docker compose -f compose.yml -f tests/load/compose.bench.yml up"),
    )
    assert summary(found)["bench"] == (("compose.yml", "tests/load/compose.bench.yml"), "test")


SERVER = "docker compose -f compose.server.yml up -d"


@pytest.mark.parametrize(
    ("text", "path", "owner", "context", "environment"),
    [
        (SERVER, ".github/workflows/deploy.yml", "build", "workflow", EnvironmentClass.PRODUCTION),
        (SERVER, ".github/workflows/main.yml", "deploy-server", "workflow", EnvironmentClass.PRODUCTION),
        (
            "docker stack deploy -c compose.server.yml shop",
            ".github/workflows/deploy.yml",
            "run",
            "workflow",
            EnvironmentClass.PRODUCTION,
        ),
        (SERVER, ".github/workflows/deploy-staging.yml", "deploy", "workflow", EnvironmentClass.BASE),
        (SERVER, ".github/workflows/deploy.yml", "e2e", "workflow", EnvironmentClass.BASE),
        (SERVER, ".github/workflows/main.yml", "build", "workflow", EnvironmentClass.BASE),
        (
            "docker compose -f compose.server.yml build",
            ".github/workflows/deploy.yml",
            "deploy",
            "workflow",
            EnvironmentClass.BASE,
        ),
        (SERVER, "README.md", "deploy", "doc", EnvironmentClass.BASE),
    ],
)
def test_a_set_that_a_workflow_deploys_is_production(
    text: str, path: str, owner: str, context: str, environment: EnvironmentClass
) -> None:
    found = stacks({"compose.server.yml": BASE}, command(text, path, owner, context))
    assert found["server"].environment is environment
    assert found["server"].is_deployed is (environment is EnvironmentClass.PRODUCTION)


def test_the_set_that_is_deployed_stands_for_production_before_a_larger_one_of_that_name() -> None:
    larger = BASE.replace("{api", "{web: {image: web}, api")
    deploys = command(SERVER, ".github/workflows/deploy.yml", "deploy", "workflow")
    found = stacks({"compose.prod.yml": larger, "compose.server.yml": BASE}, deploys)
    assert Project("shop", (), stacks=tuple(found.values())).main_stack is found["server"]
    found = stacks({"compose.prod.yml": larger, "compose.server.yml": BASE})
    assert Project("shop", (), stacks=tuple(found.values())).main_stack is found["prod"]


def test_the_main_stack_is_none_of_a_folder_below_that_of_another_one() -> None:
    api = "services: {api: {build: ., image: shop/api}}"
    many = "services: {a: {image: shop/api}, b: {image: shop/api}, c: {image: shop/api}}"
    found = stacks({"docker/compose.yaml": api, "docker/federation/compose.yaml": many})
    assert Project("shop", (), stacks=tuple(found.values())).main_stack is found["docker/base"]
    apart = stacks({"docker/compose.yaml": api, "federation/compose.yaml": many})
    assert Project("shop", (), stacks=tuple(apart.values())).main_stack is apart["federation/base"]
