"""What tasks of Ansible do, as commands with their lines."""

from __future__ import annotations

import pytest

from scaffold.read.playbooks import is_playbook, read_playbook

PLAYBOOK = """\
- hosts: all
  tasks:
    - name: Copy the settings
      ansible.builtin.copy:
        src: ../monitoring/
        dest: "{{ folder }}/monitoring/"
    - name: Start
      block:
        - community.docker.docker_compose_v2:
            project_src: "{{ folder }}"
            files: [compose.aws.yml, compose.tls.yml]
        - community.docker.docker_compose_v2:
            project_src: "{{ folder }}"
            state: absent
    - ansible.builtin.shell: |
        docker compose pull
        docker compose up -d
      args:
        chdir: /srv/shop
    - command:
        argv: [docker, stack, deploy, -c, stack.yml, shop]
"""


def test_tasks_are_commands() -> None:
    assert [(command.text, command.location.line) for command in read_playbook("playbook.yml", PLAYBOOK)] == [
        ("copy ../monitoring/ {{ folder }}/monitoring/", 4),
        ("docker compose -f compose.aws.yml -f compose.tls.yml up -d", 9),
        ("cd /srv/shop && docker compose pull", 15),
        ("cd /srv/shop && docker compose up -d", 15),
        ("docker stack deploy -c stack.yml shop", 20),
    ]


def test_the_tasks_of_a_role_are_read_and_broken_files_hold_none() -> None:
    role = "- name: Start\n  shell: docker compose up -d\n"
    assert [command.text for command in read_playbook("roles/app/tasks/main.yml", role)] == ["docker compose up -d"]
    assert read_playbook("roles/app/tasks/main.yml", "- name: {{ x }}: y\n  shell: [\n") == ()
    assert read_playbook("deploy.yml", "name: a workflow of something else\nsteps: [1]\n") == ()


def test_deleted_volumes_are_commands() -> None:
    tasks = """\
- name: Stop
  docker_compose_v2: {project_src: /srv/shop, files: [live.yml], state: absent, remove_volumes: true}
- community.docker.docker_volume: {name: shop_data, state: absent}
- docker_volume: {name: shop_data}
"""
    found = [(command.text, command.location.line) for command in read_playbook("roles/app/tasks/main.yml", tasks)]
    assert found == [("docker compose -f live.yml down --volumes", 2), ("docker volume rm shop_data", 3)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("infra/playbook.yml", True),
        ("ansible/site.yaml", True),
        ("roles/app/tasks/main.yml", True),
        (".github/workflows/deploy.yml", False),
        ("docker-compose.yml", False),
    ],
)
def test_which_files_are_read(path: str, *, expected: bool) -> None:
    assert is_playbook(path) is expected
