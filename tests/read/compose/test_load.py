"""Extends and include: same file, other files, chains, paths, variables; cycles and everything outside are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from scaffold.model.document import find, text_of
from scaffold.read.compose import LoadedStack, load_stack

Load = Callable[..., LoadedStack]


def messages(stack: LoadedStack) -> list[str]:
    return [f"{p.location.path}:{p.location.line}: {p.message}" for p in stack.problems]


def image(stack: LoadedStack, name: str) -> str:
    service = next(service for service in stack.services if service.name == name)
    return str(service.image)


# --- extends ----------------------------------------------------------------------------------------------------------


def test_a_service_extends_another_of_its_file(load: Load) -> None:
    stack = load("services: {base: {image: a, environment: {A: 1, B: 1}}, web: {extends: base, environment: {B: 2}}}")
    web = next(service for service in stack.services if service.name == "web")
    assert str(web.image) == "a"
    assert {entry.name: entry.value for entry in web.environment} == {"A": "1", "B": "2"}
    assert find(web.node, "extends") is None


def test_paths_of_an_extended_file_start_from_its_folder(load: Load) -> None:
    files = {
        "compose.yaml": "services: {web: {extends: {file: parts/base.yaml, service: base}}}",
        "parts/base.yaml": "services: {base: {build: ./app, env_file: base.env, volumes: ['./data:/data', 'named:/n']}}",
        "parts/base.env": "FROM_FILE=1\n",
    }
    web = load(files).services[0]
    assert web.build is not None
    assert (web.build.context, web.build.dockerfile) == ("parts/app", "parts/app/Dockerfile")
    assert [mount.resolved for mount in web.mounts] == ["parts/data", None]
    assert [(entry.name, entry.source) for entry in web.environment] == [("FROM_FILE", "parts/base.env")]
    assert web.build.context_location.path == "parts/base.yaml"


def test_chains_through_files_are_followed(load: Load) -> None:
    files = {
        "compose.yaml": "services: {web: {extends: {file: b/one.yaml, service: one}}}",
        "b/one.yaml": "services: {one: {extends: {file: deep/two.yaml, service: two}, restart: always}}",
        "b/deep/two.yaml": "services: {two: {image: two, build: .}}",
    }
    stack = load(files)
    assert messages(stack) == []
    web = stack.services[0]
    assert (str(web.image), web.restart, web.build and web.build.context) == ("two", "always", "b/deep")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"compose.yaml": "services: {a: {extends: b}, b: {extends: a}}"},
            "a in compose.yaml extends b in compose.yaml extends a",
        ),
        ({"compose.yaml": "services: {a: {extends: a}}"}, "a in compose.yaml extends a in compose.yaml"),
        (
            {
                "compose.yaml": "services: {a: {extends: {file: other.yaml, service: b}}}",
                "other.yaml": "services: {b: {extends: {file: other.yaml, service: b}}}",
            },
            "b in other.yaml extends b in other.yaml",
        ),
    ],
)
def test_an_extends_cycle_is_named(load: Load, files: Mapping[str, str], words: str) -> None:
    assert any(f"extends cycle: {words}" in message for message in messages(load(files)))


@pytest.mark.parametrize(
    ("extends", "words"),
    [
        ("nobody", "'nobody', which compose.yaml does not define"),
        ("{file: missing.yaml, service: a}", "missing.yaml:1: the file is missing"),
        ("{file: ../up.yaml, service: a}", "outside the project"),
        ("{file: /etc/passwd, service: a}", "outside the project"),
        ("{file: 'https://example.org/c.yaml', service: a}", "would have to be fetched"),
        ("{file: 'oci://registry.example.org/c', service: a}", "would have to be fetched"),
    ],
)
def test_what_cannot_be_extended_is_a_problem_and_the_service_stays(load: Load, extends: str, words: str) -> None:
    stack = load(f"services: {{web: {{image: mine, extends: {extends}}}}}")
    assert any(words in message for message in messages(stack))
    assert image(stack, "web") == "mine"


# --- include ----------------------------------------------------------------------------------------------------------


def test_included_resources_join_and_their_paths_start_from_their_folder(load: Load) -> None:
    files = {
        "compose.yaml": "include: [db/compose.yaml]\nservices: {web: {image: w, depends_on: [db]}}",
        "db/compose.yaml": "services: {db: {build: ., volumes: ['data:/d']}}\nvolumes: {data: }\nnetworks: {n: }",
    }
    stack = load(files)
    assert messages(stack) == []
    assert [service.name for service in stack.services] == ["db", "web"]
    db = stack.services[0]
    assert db.build is not None
    assert db.build.context == "db"
    assert [volume.name for volume in stack.volumes] == ["data"]
    assert [network.name for network in stack.networks] == ["n"]


def test_the_long_form_names_files_to_merge_a_directory_and_env_files(load: Load) -> None:
    files = {
        "compose.yaml": """
            include:
              - path: [more/base.yaml, more/over.yaml]
                project_directory: elsewhere
                env_file: settings.env
        """,
        "more/base.yaml": "services: {a: {image: 'a:${TAG}', build: ./src}}",
        "more/over.yaml": "services: {a: {restart: always}}",
        "settings.env": "TAG=5\n",
        "more/.env": "TAG=wrong\n",
    }
    stack = load(files)
    assert messages(stack) == []
    assert (image(stack, "a"), stack.services[0].restart) == ("a:5", "always")
    assert stack.services[0].build is not None
    assert stack.services[0].build.context == "elsewhere/src"


def test_an_included_folder_has_its_own_variables_and_the_outer_ones_win(load: Load) -> None:
    files = {
        "compose.yaml": "include: [sub/compose.yaml]",
        "sub/compose.yaml": "services: {a: {image: 'a:${TAG}-${OUTER}'}}",
        "sub/.env": "TAG=inner\nOUTER=inner\n",
        ".env": "OUTER=outer\n",
    }
    assert image(load(files), "a") == "a:inner-outer"


def test_own_definitions_win_over_included_ones(load: Load) -> None:
    files = {
        "compose.yaml": "include: [sub/compose.yaml]\nservices: {a: {image: mine}}",
        "sub/compose.yaml": "services: {a: {image: theirs, restart: always}}",
    }
    stack = load(files)
    assert (image(stack, "a"), stack.services[0].restart) == ("mine", "always")


def test_a_service_extends_one_that_was_included(load: Load) -> None:
    files = {
        "compose.yaml": "include: [sub/compose.yaml]\nservices: {b: {extends: a}}",
        "sub/compose.yaml": "services: {a: {image: theirs}}",
    }
    assert image(load(files), "b") == "theirs"


def test_an_include_cycle_is_named_and_the_rest_is_read(load: Load) -> None:
    files = {
        "compose.yaml": "include: [b.yaml]\nservices: {a: {image: a}}",
        "b.yaml": "include: [compose.yaml]\nservices: {b: {image: b}}",
    }
    stack = load(files)
    assert messages(stack) == ["b.yaml:1: include cycle: compose.yaml includes b.yaml includes compose.yaml"]
    assert [service.name for service in stack.services] == ["a", "b"]


@pytest.mark.parametrize(
    ("include", "words"),
    [
        ("[../other/compose.yaml]", "outside the project"),
        ("[{path: /etc/compose.yaml}]", "outside the project"),
        ("['https://github.com/team/app.git']", "would have to be fetched"),
        ("[{path: 'oci://docker.io/team/app:1'}]", "would have to be fetched"),
        ("[git@github.com:team/app.git]", "would have to be fetched"),
        ("[missing.yaml]", "missing.yaml:1: the file is missing"),
        ("[{path: a.yaml, env_file: missing.env}]", "the env file missing.env is missing"),
        ("[{path: a.yaml, project_directory: ../..}]", "outside the project"),
        ("a.yaml", "include must be a list"),
    ],
)
def test_what_cannot_be_included_is_a_problem(load: Load, include: str, words: str) -> None:
    stack = load(
        {"compose.yaml": f"include: {include}\nservices: {{web: {{image: w}}}}", "a.yaml": "services: {a: {image: a}}"}
    )
    assert any(words in message for message in messages(stack))
    assert image(stack, "web") == "w"


def test_nothing_outside_the_project_is_ever_asked_for(texts: Callable[..., object]) -> None:
    reader = texts(
        {
            "app/compose.yaml": """
            include: [../../up.yaml, /abs.yaml, sub/../../../x.yaml]
            services:
              web:
                image: a
                env_file: [../../secret.env, /etc/shadow, ~/.env]
                extends: {file: ../../../base.yaml, service: a}
                volumes: ['../../..:/host', '/etc:/etc']
            """
        }
    )
    stack = load_stack(reader, ("app/compose.yaml",), directory="app")  # type: ignore[arg-type]
    assert all(not path.startswith(("/", "..", "~")) for path in reader.asked)  # type: ignore[attr-defined]
    assert [mount.resolved for mount in stack.services[0].mounts] == [None, None]


def test_hundreds_of_includes_end_in_a_problem(load: Load) -> None:
    files = {f"f{n}.yaml": f"include: [f{n + 1}.yaml, f{n + 2}.yaml]\nservices: {{s{n}: {{image: a}}}}" for n in range(60)}
    assert any("included files" in message for message in messages(load(files, "f0.yaml")))


# --- keys -------------------------------------------------------------------------------------------------------------


def test_keys_that_compose_refuses_are_problems_with_their_line(load: Load) -> None:
    stack = load(
        """
        services:
          web:
            image: a
            image: b
            environment: {1: x}
          web2:
            <<: text
            image: c
        """
    )
    assert [message.split(": ")[0] for message in messages(stack)] == ["compose.yaml:5", "compose.yaml:6", "compose.yaml:8"]
    assert image(stack, "web") == "b"


def test_anchors_merge_keys_and_fragments_work_across_services(load: Load) -> None:
    stack = load(
        """
        x-common: &common
          image: shared:1
          restart: always
        services:
          a: {<<: *common}
          b: {<<: *common, image: own:1}
        """
    )
    assert [(s.name, str(s.image), s.restart) for s in stack.services] == [
        ("a", "shared:1", "always"),
        ("b", "own:1", "always"),
    ]
    assert stack.services[0].image_location is not None
    assert stack.services[0].image_location.route == ("x-common", "image")


def test_several_documents_of_one_file_merge(load: Load) -> None:
    stack = load("services: {a: {image: one, restart: always}}\n---\nservices: {a: {image: two}}\n")
    assert (image(stack, "a"), stack.services[0].restart) == ("two", "always")


def test_the_project_name_is_the_last_declared_one_in_composes_letters(load: Load) -> None:
    files = {"compose.yaml": "name: First\nservices: {a: {image: a}}", "b.yaml": "name: My ${X:-App}_2\n"}
    stack = load(files, "compose.yaml", "b.yaml")
    assert stack.name == "myapp_2"
    assert text_of(find(stack.node, "name")) == "My App_2"


def test_profiles_keep_the_services_that_they_enable(load: Load) -> None:
    text = "services: {a: {image: a}, b: {image: b, profiles: [debug]}, c: {image: c, profiles: [x, debug]}}"
    assert [service.name for service in load(text).services] == ["a", "b", "c"]
    assert [service.name for service in load(text, profiles=()).services] == ["a"]
    assert [service.name for service in load(text, profiles=("x",)).services] == ["a", "c"]
    assert [service.name for service in load(text, profiles=("*",)).services] == ["a", "b", "c"]
