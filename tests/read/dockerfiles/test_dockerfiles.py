"""Dockerfiles: what `docker build` understands (docs.docker.com/reference/dockerfile), place by place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.project import Dockerfile
from scaffold.read.dockerfiles import exposed_ports, read_dockerfile, read_dockerignore
from scaffold.read.paths import is_dockerfile


def parse(text: str) -> Dockerfile:
    return read_dockerfile("Dockerfile", text)[0]


def test_stages_with_aliases_and_argument_defaults() -> None:
    found = parse(
        "# syntax=docker/dockerfile:1\n"
        "ARG PYTHON=3.12\n"
        'ARG BASE="python:${PYTHON}-slim"\n'
        "FROM --platform=$BUILDPLATFORM node:22 AS Assets\n"
        "RUN npm ci\n"
        "FROM ${BASE} as runtime\n"
        "COPY --from=assets --chown=1000:1000 /dist /srv\n"
        "USER 1000\n"
    )
    assert [(stage.base, stage.alias, stage.location.line) for stage in found.stages] == [
        ("node:22", "assets", 4),
        ("python:3.12-slim", "runtime", 6),
    ]
    copied = found.stages[1].last("COPY")
    assert copied is not None
    assert copied.flags == ("--from=assets", "--chown=1000:1000")
    assert copied.text == "/dist /srv"


def test_an_argument_without_default_leaves_the_base_unknown() -> None:
    assert parse("ARG TAG\nFROM app:${TAG}\n").stages[0].base == ""
    assert parse("FROM app:$TAG\n").stages[0].base == ""
    assert parse("FROM app:${TAG:-1.2}\n").stages[0].base == "app:1.2"
    assert parse("ARG A=$B\nARG B=$A\nFROM x:$A\n").stages[0].base == ""


def test_an_argument_after_the_first_from_is_not_global() -> None:
    found = parse("FROM a AS one\nARG TAG=3\nFROM b:${TAG:-9}\n")
    assert found.stages[1].base == "b:9"


def test_both_forms_of_a_command() -> None:
    found = parse('FROM a\nCMD ["python", "-m", "app"]\nENTRYPOINT exec gunicorn "app:make()" -w 2\n').stages[0]
    command, entry = found.last("CMD"), found.last("ENTRYPOINT")
    assert command is not None
    assert entry is not None
    assert (command.argv, command.exec_form) == (("python", "-m", "app"), True)
    assert (entry.argv, entry.exec_form) == (("exec", "gunicorn", "app:make()", "-w", "2"), False)


def test_a_broken_exec_form_is_a_shell_form_as_docker_takes_it() -> None:
    command = parse("FROM a\nCMD ['python', 'app.py']\n").stages[0].last("CMD")
    assert command is not None
    assert not command.exec_form


def test_healthchecks() -> None:
    found = parse("FROM a\nHEALTHCHECK --interval=5s --retries=3 \\\n  CMD curl -f http://localhost:8000/health || exit 1\n")
    check = found.stages[0].last("HEALTHCHECK")
    assert check is not None
    assert check.flags == ("--interval=5s", "--retries=3")
    assert check.argv[:3] == ("curl", "-f", "http://localhost:8000/health")
    none = parse("FROM a\nHEALTHCHECK NONE\n").stages[0].last("HEALTHCHECK")
    assert none is not None
    assert none.text == "NONE"
    listed = parse('FROM a\nHEALTHCHECK CMD ["pg_isready"]\n').stages[0].last("HEALTHCHECK")
    assert listed is not None
    assert (listed.argv, listed.exec_form) == (("pg_isready",), True)


def test_continuations_pass_over_comments_and_empty_lines() -> None:
    found = parse("FROM a\nRUN apt-get update \\\n  # a remark\n\n  && apt-get install -y curl\nUSER app\n").stages[0]
    run, user = found.last("RUN"), found.last("USER")
    assert run is not None
    assert user is not None
    assert run.text.split() == ["apt-get", "update", "&&", "apt-get", "install", "-y", "curl"]
    assert (run.location.line, user.location.line) == (2, 6)


def test_heredocs_are_not_instructions() -> None:
    found = parse(
        "FROM a\nRUN <<EOF\nUSER root\nFROM nothing\nEOF\nCOPY <<-'ONE' <<TWO /etc/\n\tUSER x\n\tONE\nUSER y\nTWO\nUSER app\n"
    )
    assert len(found.stages) == 1
    assert [item.keyword for item in found.stages[0].instructions] == ["RUN", "COPY", "USER"]
    assert found.stages[0].instructions[0].text.endswith("\nUSER root\nFROM nothing")


def test_a_shift_in_a_run_line_without_an_end_is_no_heredoc() -> None:
    found = parse("FROM a\nRUN echo $((1<<n))\nUSER app\n").stages[0]
    assert [item.keyword for item in found.instructions] == ["RUN", "USER"]


def test_the_escape_directive() -> None:
    found = parse("# escape=`\nFROM a\nRUN dir `\n  C:\\\nUSER app\n").stages[0]
    assert [item.keyword for item in found.instructions] == ["RUN", "USER"]
    late = parse("FROM a\n# escape=`\nRUN one \\\n  two\n").stages[0]
    assert late.instructions[0].text.split() == ["one", "two"]


def test_what_a_stage_inherits() -> None:
    found = parse(
        "FROM a AS base\nUSER app\nEXPOSE 8000/tcp 9000\nFROM base AS dev\nRUN x\nFROM scratch AS bare\nEXPOSE 53/udp\n"
    )
    user = found.effective("USER", "dev")
    assert user is not None
    assert user.location.line == 2
    assert found.effective("USER", "bare") is None
    assert found.effective("USER", "missing") is None
    assert found.exposed == (8000, 9000, 53)
    assert found.effective("USER", "DEV") == found.effective("USER", "1") == user


def test_the_ports_of_a_stage() -> None:
    found = parse(
        "FROM a AS base\nARG PORT=8000\nENV ADMIN 9000\nEXPOSE $PORT ${ADMIN}/tcp 53/udp $UNKNOWN\n"
        "FROM base AS dev\nENV PORT=5000 A=1\nEXPOSE 9001-9003 ${PORT:-1}\nFROM base\nEXPOSE 8443\n"
    )
    assert exposed_ports(found, "base") == (8000, 9000)
    assert exposed_ports(found, "dev") == (8000, 9000, 9001, 9002, 9003, 5000)
    assert exposed_ports(found) == (8000, 9000, 8443)
    assert exposed_ports(found, "missing") == ()


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    found = parse("\ufeffFROM a\r\nRUN one \\\r\n two\r\nUSER app\r\n")
    assert found.stages[0].base == "a"
    user = found.stages[0].last("USER")
    assert user is not None
    assert user.text == "app"
    assert user.location.line == 4


def test_a_file_without_from_is_a_problem() -> None:
    found, problems = read_dockerfile("Dockerfile", "just text\n")
    assert found.stages == ()
    assert "FROM" in problems[0].message


def test_names() -> None:
    yes = ("Dockerfile", "a/Dockerfile.prod", "api.Dockerfile", "x/web.dockerfile", "Containerfile", "Containerfile.dev")
    no = ("Dockerfile.dockerignore", "Dockerfile.j2", "docs/Dockerfile.md", "MyDockerfileReader.py", "dockerfiles/readme")
    assert [path for path in (*yes, *no) if is_dockerfile(path)] == list(yes)


def test_patterns_of_a_dockerignore() -> None:
    assert read_dockerignore("# why\n\n.git\r\n  !keep \n**/*.pyc\n") == (".git", "!keep", "**/*.pyc")


@given(st.text(alphabet=st.sampled_from("FROM RUN\\\n\r\t#<>EOF=\"'[]{}$:-abc`\ufeff"), max_size=200) | st.text(max_size=200))
def test_any_text_is_read_with_places_inside_it(text: str) -> None:
    found, _ = read_dockerfile("Dockerfile", text)
    lines = text.split("\n")
    for stage in found.stages:
        for item in stage.instructions:
            assert 1 <= item.location.line <= len(lines)
            assert 1 <= item.location.column <= len(lines[item.location.line - 1]) + 1
