"""What judging a project costs grows with the project: nothing is asked of each item for each other one.

No clock tells that: calls are counted, function by function. One that is called for each pair of items is called four times as
often for twice the items, one that is called for each item twice as often.
"""

from __future__ import annotations

import cProfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from scaffold.app.examination import Place, examine
from scaffold.read.lines import LONGEST_LINE
from scaffold.read.project import read_project

FEW, MANY = 90, 180
"""Items of the two projects that are compared."""
OFTEN = 30
"""Calls for each item up to which it does not matter how they grow: a step that is taken for some of the pairs only."""

Files = dict[str, str]
DOCKERFILE = "FROM python:3.13\nWORKDIR /app\nCOPY . .\nRUN pip install flask\nCMD python main.py\n"
CODE = "import os\nfrom flask import Flask\napp = Flask(__name__)\nURL = os.environ['DATABASE_URL']\n"
BUILD = "    - uses: docker/build-push-action@v6\n      with: {{context: ., push: true, tags: 'shop/a{0}:1'}}\n"


def each(count: int, text: str) -> str:
    """A text once for each number, which stands for `{0}` in it."""
    return "".join(text.format(number) for number in range(count))


def workflow(jobs: str) -> str:
    return f"name: ci\non: push\njobs:\n{jobs}"


def images(count: int) -> Files:
    services = each(
        count,
        "  s{0}:\n    image: postgres:16\n    environment: {{POSTGRES_PASSWORD: secret{0}, URL: 'http://s1:80'}}\n"
        "    volumes: ['v{0}:/data']\n    depends_on: [db]\n",
    )
    volumes = each(count, "  v{0}: {{}}\n")
    return {"compose.yaml": f"services:\n  db: {{image: 'postgres:16'}}\n{services}volumes:\n{volumes}"}


def builds(count: int) -> Files:
    services = each(
        count,
        "  s{0}:\n    build: ./s{0}\n    environment: {{SECRET_KEY: abc{0}}}\n    ports: ['80{0}:80']\n"
        "    volumes: ['./s{0}/uploads:/app/uploads']\n",
    )
    folders = {
        f"s{number}/{name}": text for number in range(count) for name, text in (("Dockerfile", DOCKERFILE), ("main.py", CODE))
    }
    return {"compose.yaml": f"services:\n{services}", **folders}


def mounts(count: int) -> Files:
    volumes = each(count, "    - ./d{0}:/srv/d{0}\n    - ${{D{0}:-./q{0}}}:/srv/q{0}\n")
    web = f"services:\n  web:\n    build: .\n    volumes:\n{volumes}"
    return {
        "compose.yaml": web,
        "Dockerfile": DOCKERFILE,
        "main.py": CODE,
        **{f"d{number}/a.txt": "" for number in range(count)},
    }


def variables(count: int) -> Files:
    given = each(count, "      K{0}_PASSWORD: secret{0}\n      M{0}: ${{M{0}:-x}}\n")
    template = each(count, "K{0}_PASSWORD=secret{0}\nK{0}_URL=redis://h{0}:80\n")
    return {
        "compose.yaml": f"services:\n  web:\n    build: .\n    environment:\n{given}",
        "Dockerfile": DOCKERFILE,
        "main.py": CODE,
        ".env.example": template,
        ".env.production": template,
    }


def jobs(count: int) -> Files:
    steps = f"    steps:\n{BUILD}    - run: docker push shop/a{{0}}:1\n    - run: pytest\n"
    return {".github/workflows/ci.yml": workflow(each(count, f"  j{{0}}:\n    runs-on: ubuntu-24.04\n{steps}"))}


def steps(count: int) -> Files:
    run = "    - run: |\n        docker push shop/a{0}:1\n        docker compose up -d\n"
    return {".github/workflows/ci.yml": workflow(f"  j:\n    runs-on: ubuntu-24.04\n    steps:\n{each(count, BUILD + run)}")}


def contexts(count: int) -> Files:
    given = each(count, "        c{0}: ./x{0}\n")
    return {
        "compose.yaml": f"services:\n  web:\n    build:\n      context: .\n      additional_contexts:\n{given}",
        "Dockerfile": "FROM python:3.13\n" + each(count, "COPY --from=c{0} a b\n"),
        ".github/workflows/ci.yml": workflow(f"  j:\n    runs-on: ubuntu-24.04\n    steps:\n{each(count, BUILD)}"),
    }


def pages(count: int) -> Files:
    shown = each(count, "\n## Deployment {0}\n\n```sh\ndocker compose up -d s{0}\n```\n\nBackup runs nightly.\n")
    return {"README.md": f"# Shop\n{shown}", "compose.yaml": "services: {s1: {image: shop}}\n"}


def balancers(count: int) -> Files:
    block = (
        'resource "aws_lb" "l{0}" {{\n  name = "l{0}"\n}}\n'
        'resource "aws_lb_listener" "x{0}" {{\n  load_balancer_arn = aws_lb.l{0}.arn\n  protocol = "HTTP"\n'
        '  default_action {{\n    type = "forward"\n  }}\n}}\n'
    )
    return {"infra/main.tf": each(count, block), "compose.yaml": "services: {web: {image: shop}}\n"}


def proxies(count: int) -> Files:
    servers = each(
        count, "upstream u{0} {{ server s{0}:80; }}\nserver {{\n listen {0};\n location / {{ proxy_pass http://u{0}; }}\n}}\n"
    )
    services = each(count, "  s{0}: {{image: 'shop/s{0}:1'}}\n")
    proxy = "  proxy:\n    image: nginx:1.27\n    ports: ['80:80']\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro']\n"
    return {"nginx.conf": f"http {{\n{servers}}}\n", "compose.yaml": f"services:\n{proxy}{services}"}


def starts(count: int) -> Files:
    files = {
        "Dockerfile": 'FROM nginx:1.30\nCOPY start.sh /begin.sh\nCMD ["/begin.sh"]\n',
        "start.sh": "#!/bin/sh\nnginx &\nexec gunicorn shop\n",
        "login.py": "def login(response, token):\n    response.set_cookie('session', token)\n",
        "package.json": '{"name": "shop", "scripts": {"test": "vitest"}}',
        "a.test.ts": "",
    }
    return {
        "compose.yaml": "services:\n" + each(count, "  s{0}: {{build: ./s{0}, ports: ['80{0}:80']}}\n"),
        ".github/workflows/ci.yml": workflow("  j:\n    runs-on: ubuntu-24.04\n    steps:\n    - run: pytest\n"),
        **{f"s{number}/{name}": text for number in range(count) for name, text in files.items()},
    }


def handed_on(count: int) -> Files:
    """Steps that hand values on, names of images that scripts build, and a deployment for each."""
    set_up = each(count, "        V{0}=a{0}\n") + each(count, '        echo "o{0}=$V{0}" >> $GITHUB_OUTPUT\n')
    built = each(count, "docker build -t ghcr.io/acme/s{0} -f s{0}/Dockerfile .\n")
    deployed = each(
        count,
        "  deploy{0}:\n    runs-on: self-hosted\n    environment: production\n    steps:\n"
        "    - run: |\n        docker compose up -d\n        curl -f http://localhost/\n",
    )
    return {
        "compose.yaml": "services: {web: {image: 'ghcr.io/acme/s1:1'}}\n",
        "build.sh": f"#!/bin/sh\n{built}",
        ".github/workflows/ci.yml": workflow(
            f"  j:\n    runs-on: ubuntu-24.04\n    steps:\n    - id: x\n      run: |\n{set_up}"
        ),
        ".github/workflows/deploy.yml": workflow(deployed),
        **{f"s{number}/Dockerfile": DOCKERFILE for number in range(count)},
    }


def hosts(count: int) -> Files:
    """Stores whose ports are open on the host, each with a folder, a volume and a script and a page that back it up."""
    stores = each(
        count,
        "  s{0}:\n    image: postgres:16\n    ports: ['5{0}:5432']\n    environment: {{POSTGRES_PASSWORD: secret{0}}}\n"
        "    volumes: ['./data{0}:/var/lib/postgresql/data', 'dumps{0}:/dumps']\n",
    )
    volumes = each(count, "  dumps{0}: {{}}\n")
    dumped = "docker compose exec -T s{0} pg_dump shop{0} > /backups/s{0}.sql\ntar czf /backups/data{0}.tgz data{0}\n"
    copied = "rsync -a /backups/s{0}.sql backup{0}.acme.org:/srv/\n"
    steps = "    - run: scp compose.yaml deploy@h{0}.acme.org:/srv/\n    - run: ssh deploy@h{0}.acme.org docker compose up -d\n"
    return {
        "compose.yaml": f"services:\n{stores}volumes:\n{volumes}",
        "backup.sh": f"#!/bin/sh\n{each(count, dumped + copied)}",
        "docs/backup.md": "# Backups\n" + each(count, "\n## Store {0}\n\n```sh\n" + dumped + "```\n"),
        ".github/workflows/deploy.yml": workflow(f"  deploy:\n    runs-on: ubuntu-24.04\n    steps:\n{each(count, steps)}"),
        **{f"scripts/backup{number}.sh": f"#!/bin/sh\n{dumped.format(number)}" for number in range(count)},
    }


def older_toolchains(count: int) -> Files:
    """Modules with a version of their language, images that are made with another one, and jobs that set up a third."""
    jobs = each(
        count,
        "  go{0}:\n    runs-on: ubuntu-24.04\n    defaults: {{run: {{working-directory: g{0}}}}}\n    steps:\n"
        "    - uses: actions/setup-go@v6\n      with: {{go-version: '1.2{0}'}}\n    - run: go test ./...\n"
        "  node{0}:\n    runs-on: ubuntu-24.04\n    steps:\n    - uses: actions/setup-node@v5\n"
        "      with: {{node-version: 20}}\n    - run: npm test\n      working-directory: n{0}\n",
    )
    services = each(count, "  g{0}: {{build: ./g{0}}}\n  n{0}: {{build: ./n{0}}}\n")
    files = {
        "g{0}/go.mod": "module acme.org/g{0}\n\ngo 1.24\n",
        "g{0}/main.go": "package main\n\nfunc main() {{}}\n",
        "g{0}/Dockerfile": 'FROM golang:1.25\nWORKDIR /src\nCOPY . .\nRUN go build -o /a .\nCMD ["/a"]\n',
        "n{0}/package.json": '{{"name": "n{0}", "engines": {{"node": ">=22"}}, "scripts": {{"test": "vitest"}}}}',
        "n{0}/Dockerfile": 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "main.js"]\n',
        "n{0}/main.js": "process.env.PORT\n",
    }
    return {
        "compose.yaml": f"services:\n{services}",
        ".github/workflows/ci.yml": workflow(jobs),
        **{path.format(number): text.format(number) for path, text in files.items() for number in range(count)},
    }


def asked(count: int) -> Files:
    """Scripts and jobs that ask services, containers, variables, ports and charts of a large stack for what is not there."""
    services = each(
        count, "  s{0}: {{image: 'ghcr.io/acme/s{0}:${{T{0}:-1}}', container_name: shop-s{0}, ports: ['{0}:80', '80:80']}}\n"
    )
    asks = (
        "docker exec gone-s{0} ls\ndocker exec shop-s{0} ls\nU{0}=1 docker compose -f compose.prod.yaml up -d s{0} gone{0}\n"
        "T{0}=1 docker compose -f compose.prod.yaml run s{0} ls\ncurl http://localhost:9{0}/\n"
    )
    deploys = each(
        count,
        "  deploy{0}:\n    runs-on: self-hosted\n    environment: production\n    steps:\n    - run: |\n"
        "        docker compose pull\n        docker compose up -d s{0} x{0}\n"
        "        helm upgrade --install shop charts/shop{0} -f charts/shop{0}/values-prod.yaml\n"
        "        kubectl rollout status deployment/x{0}\n",
    )
    pushes = each(count, "  b{0}:\n    runs-on: ubuntu-24.04\n    steps:\n    - run: docker push ghcr.io/acme/s{0}:1\n")
    files = {
        "charts/shop{0}/Chart.yaml": "apiVersion: v2\nname: shop{0}\nversion: 0.1.0\n",
        "charts/shop{0}/templates/a.yaml": "kind: Deployment\nmetadata:\n  name: a{0}\n",
        "scripts/deploy{0}.sh": f"#!/bin/sh\n{asks}",
    }
    return {
        "compose.prod.yaml": f"services:\n{services}",
        "ask.sh": f"#!/bin/sh\n{each(count, asks)}",
        ".github/workflows/deploy.yml": workflow(deploys),
        ".github/workflows/images.yml": workflow(pushes),
        **{path.format(number): text.format(number) for path, text in files.items() for number in range(count)},
    }


def called(root: Path) -> Counter[str]:
    """How often each function is called when a project is judged."""
    profile = cProfile.Profile()
    profile.enable()
    examine(Place(root))
    profile.disable()
    found: Counter[str] = Counter()
    for entry in profile.getstats():
        code = entry.code
        name = code if isinstance(code, str) else f"{code.co_filename}:{code.co_firstlineno} {code.co_name}"
        found[name] += entry.callcount
    return found


@pytest.mark.parametrize(
    "written",
    [
        images,
        builds,
        mounts,
        variables,
        jobs,
        steps,
        contexts,
        pages,
        balancers,
        proxies,
        starts,
        handed_on,
        hosts,
        older_toolchains,
        asked,
    ],
    ids=lambda item: item.__name__,
)
def test_no_function_is_called_for_each_pair_of_items(
    written: Callable[[int], Files], make_project: Callable[..., Path]
) -> None:
    called(make_project(written(3), name="first"))  # What is imported and compiled once does not count.
    few = called(make_project(written(FEW), name="few"))
    many = called(make_project(written(MANY), name="many"))
    assert {name: (few[name], count) for name, count in many.items() if count > max(3 * few[name], OFTEN * MANY)} == {}


def test_a_command_ends_where_no_person_writes_on(make_project: Callable[..., Path]) -> None:
    line = "pg_dump -h a | " * 10_000
    files = {
        "Makefile": f"a:\n\t{line}\n",
        "scripts/a.sh": f"#!/bin/sh\n{line}\nmake b\n",
        "compose.yaml": "services: {web: {image: shop}}\n",
    }
    steps = f"  j:\n    runs-on: ubuntu-24.04\n    steps:\n    - run: |\n        {line}\n        make b\n"
    project = read_project(make_project({**files, ".github/workflows/ci.yml": workflow(steps)}))
    texts = [command.text for command in project.commands]
    assert texts.count("make b") == 2
    assert sorted(map(len, texts))[-3:] == [LONGEST_LINE] * 3
    step = project.workflows[0].jobs[0].steps[0]
    assert [len(text) for text in step.run.splitlines()] == [LONGEST_LINE, len("make b")]


WEB = "services: {web: {build: ., ports: ['80:80']}}\n"
JOBS = "from celery import shared_task\n@shared_task\ndef run(file):\n    default_storage.open(file)\n"
OF_EACH_OTHER = each(100, "        V{0}=" + each(100, "$V{0}") + "\n")
LONG: dict[str, Files] = {
    "variables of a step that are set to each other": {
        ".github/workflows/ci.yml": "name: ci\non: pull_request\njobs:\n  j:\n    runs-on: ubuntu-24.04\n    steps:\n"
        f"    - run: |\n{OF_EACH_OTHER}        docker push shop/a:$V0\n",
    },
    "a word of a pair with blanks behind it, in the template of a chart": {
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
        "chart/templates/config.yaml": f"kind: ConfigMap\ndata:\n  MODE: a{' ' * 100_000}!\n",
    },
    "a script of commands that copy, where a mounted file is missing": {
        "app/compose.yaml": "services: {web: {image: nginx, volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro']}}\n",
        "pack.sh": f"#!/bin/sh\n# app\n{'cp ' * 40_000}\n",
    },
    "a line of links that none ends": {"README.md": f"In production: {'](a.md#' * 14_000}\n"},
    "a script of traps": {
        "Dockerfile": 'FROM python:3.13\nCOPY . .\nCMD ["./start.sh"]\n',
        "start.sh": f"#!/bin/sh\n{'trap ' * 40_000}\nnginx &\nexec gunicorn shop\n",
    },
    "the name of a variable that speaks of a bucket again and again": {
        "Dockerfile": DOCKERFILE,
        "jobs.py": JOBS,
        "compose.yaml": f"services:\n  web: {{build: ., ports: ['80:80'], volumes: ['u:/app/uploads']}}\n"
        f"  jobs: {{build: ., command: celery worker, environment: ['{'S3_' * 30_000}-=1']}}\n",
    },
    "a page of one paragraph with logins": {
        "README.md": f"Log in at https://shop.acme.org as {'`abc` / `harbour-77` or log in as ' * 4_000}\n",
    },
    "blank lines of a job": {"app/jobs/a.rb": "\n" * 200_000 + "a.attach(\n"},
    "texts of Java that none ends": {"A.java": '@GetMapping("/a")\n' + '"""\n\\' * 20_000},
    "routes of Java in classes in classes": {
        "A.java": f'@RequestMapping("/{"a" * 250}") class A {{' * 900 + '@GetMapping("/b") a(){}' * 20_000,
    },
}


@pytest.mark.parametrize("kind", LONG)
def test_a_long_line_takes_no_time(kind: str, make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": WEB, **LONG[kind]})
    start = process_time()
    examine(Place(root))
    assert process_time() - start < 5
