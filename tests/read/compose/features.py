"""Projects of our own, one for each feature of Compose: what is accepted, and what is refused."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

FIXTURES: dict[str, Mapping[str, str]] = {
    "ports": {
        "compose.yaml": """
        services:
          a:
            image: a
            ports:
              - 80
              - "8080:80"
              - "8000-8002:9000-9002"
              - "8100-8110:81"
              - "127.0.0.1:53:53/udp"
              - "[::1]:6000:6000/tcp"
              - "127.0.0.1::70"
              - {target: 90, published: 9090, host_ip: 10.0.0.1, mode: host, name: web, app_protocol: http}
              - {target: "91"}
            expose: ["3000", 3001, "4000-4001", 53/udp]
        """
    },
    "volumes": {
        "compose.yaml": """
        services:
          a:
            image: a
            volumes:
              - /anonymous
              - /s
              - named:/n
              - named2:/n2:nocopy
              - ./here:/h:ro,z
              - ../up/x:/u//v/:rshared
              - /abs:/abs:rw
              - {type: bind, source: ., target: /w, read_only: true, bind: {create_host_path: false, propagation: shared}}
              - {type: volume, source: named, target: /sub, volume: {nocopy: true, subpath: x}}
              - {type: tmpfs, target: /t, tmpfs: {size: 10m, mode: 0o1777}}
              - {type: image, source: busybox, target: /i, image: {subpath: bin}}
            tmpfs: [/run, "/tmp:size=1g"]
        volumes:
          named: {labels: [a=b], driver: local, driver_opts: {type: none, o: bind, device: ./disk}}
          named2: {name: real-name}
          unused: {}
        """
    },
    "build": {
        "compose.yaml": """
        services:
          a: {build: ./app}
          b:
            build:
              dockerfile: other/Dockerfile
              args: [A=1, B, "C=${X:-d}"]
              target: t
              cache_from: [x, y]
              additional_contexts: [base=../base, img=docker-image://alpine]
              labels: {l: 1}
              extra_hosts: ["h:1.2.3.4", "g=::1"]
              secrets: [s, {source: s, target: q}]
              shm_size: 1gb
              ulimits: {nofile: 10}
              no_cache: true
              platforms: [linux/amd64]
              tags: [a, b]
              provenance: true
              sbom: false
          c: {build: {context: "https://github.com/team/app.git#main", dockerfile_inline: "FROM a\\nRUN echo $$X"}}
          d: {build: {context: ., ssh: [default]}}
        secrets: {s: {environment: NOPE}}
        """
    },
    "environment": {
        "compose.yaml": """
        services:
          a:
            image: a
            environment: {A: 1, B: 1.50, C: true, D: , E: "x y", F: 0o17, G: 1_000, H: yes, I: 1e3, J: .5, K: "${E1:-z}$$"}
            env_file: [one.env, {path: two.env}, {path: gone.env, required: false}]
          b:
            image: b
            environment: [A=1, B, "C=", "D=a=b", E1]
            env_file: one.env
          c: {image: c, env_file: [{path: raw.env}]}
        """,
        "one.env": "FROM1=1\nA=from file\nQ='single $A'\nW=\"double $A \\t\"\nexport X=2 # c\nY: yaml\nALONE\n\n# c\nZ=${UNSET:-dflt}\n",
        "two.env": "FROM2=$FROM1\r\nFROM1=changed\r\nCR=x\r\n",
        "raw.env": "R=a#b\nS=a #b\nT=\n",
        ".env": "E1=dot\nALONE=dotted\n",
    },
    "labels": {
        "compose.yaml": "services: {a: {image: a, label_file: [one.labels, two.labels], labels: [own=1, b=own]}, b: {image: b, label_file: one.labels}}",
        "one.labels": "a=1\nb=2\n",
        "two.labels": "# c\nc=${a}x\na='q'\n",
    },
    "hooks": {
        "compose.yaml": """
        services:
          a:
            image: a
            env_file: s.env
            label_file: s.labels
            environment: {P: 1}
            pre_start:
              - {command: x, env_file: h.env, environment: {Q: 2}, label_file: h.labels}
              - {command: y}
          b: {image: b, pre_start: [{command: x, env_file: h.env}, {command: y}]}
        """,
        "s.env": "S=1\nBOTH=s\n",
        "h.env": "H=1\nBOTH=h\n",
        "s.labels": "s=1\n",
        "h.labels": "h=1\n",
    },
    "depends": {
        "compose.yaml": """
        services:
          a: {image: a, depends_on: [b, c]}
          b: {image: b, depends_on: {c: {condition: service_healthy, restart: true}, x: {condition: service_started, required: false}}}
          c: {image: c, links: ["d:alias", e], network_mode: "service:e"}
          d: {image: d, volumes_from: ["e:ro", "container:z"], ipc: "service:e", pid: host}
          e: {image: e}
          x: {image: x, profiles: [p]}
        """
    },
    "health": {
        "compose.yaml": """
        services:
          a: {image: a, healthcheck: {test: curl -f x || exit 1, interval: 1m30s, timeout: 500ms, retries: 3, start_period: 1.5h}}
          b: {image: b, healthcheck: {test: [CMD, a, b], start_interval: 90s}, stop_grace_period: 1d2h}
          c: {image: c, healthcheck: {disable: true}}
          d: {image: d, healthcheck: {test: [NONE]}, stop_grace_period: 0s}
        """
    },
    "deploy": {
        "compose.yaml": """
        services:
          a:
            image: a
            deploy:
              mode: replicated
              replicas: 2
              labels: [a=b]
              resources:
                limits: {cpus: '0.50', memory: 512M, pids: 100}
                reservations: {cpus: 0.1, memory: 1.5g, devices: [{capabilities: [gpu]}, {capabilities: [gpu], count: 2}]}
              restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 120s}
              update_config: {parallelism: 2, delay: 10s, order: start-first, max_failure_ratio: 0.3}
              rollback_config: {parallelism: 0, monitor: 1m}
              placement: {constraints: [x==y], preferences: [{spread: a}], max_replicas_per_node: 1}
              endpoint_mode: vip
          b: {image: b, scale: 3, deploy: {endpoint_mode: dnsrr}}
          c: {image: c, gpus: all, mem_limit: 1g, mem_reservation: 512mb, memswap_limit: -1, cpus: 1.5, shm_size: 64k, pids_limit: 5}
          d: {image: d, gpus: [{driver: nvidia, count: 1}], cpu_shares: 10, cpuset: 0-1, oom_score_adj: -5, mem_swappiness: 10}
        """
    },
    "rest": {
        "compose.yaml": """
        name: Mixed_Name-1
        x-top: {a: [1, 2.5, null, "t"], b: "${UNSET:-d}"}
        services:
          a:
            image: a
            command: sh -c "echo 'a b' $$HOME" # c
            entrypoint: ["/e", "1"]
            labels: {a: 1, b: , c: true}
            annotations: [x=y]
            logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}
            ulimits: {nproc: 65535, nofile: {soft: 1, hard: 2}}
            devices: ["/dev/a:/dev/b", "/dev/c:/dev/d:r", {source: /dev/e, target: /dev/f}]
            dns: 1.1.1.1
            dns_search: [a, b]
            cap_add: [A]
            cap_drop: [ALL]
            extra_hosts: {h: 1.2.3.4, g: ["1.1.1.1", "::1"]}
            sysctls: {net.core.somaxconn: 1024}
            security_opt: ["no-new-privileges:true"]
            user: "1000"
            init: true
            tty: false
            stdin_open: true
            read_only: true
            privileged: false
            restart: unless-stopped
            pull_policy: if_not_present
            platform: linux/amd64
            stop_signal: SIGINT
            working_dir: /w
            hostname: h
            domainname: d
            group_add: ["1", a]
            storage_opt: {size: 1G}
            networks: {front: {aliases: [x, y], ipv4_address: 10.0.0.2, priority: 5}, back: , default: }
            configs: [c, {source: c2, target: /x, mode: 0440, uid: "1"}]
            secrets: [s, {source: s2, target: t, mode: "0400"}]
            profiles: []
            post_start: [{command: echo hi, user: root, environment: [A=1]}]
            pre_stop: [{command: [a, b]}]
            develop: {watch: [{path: ./src, action: sync, target: /app, ignore: x/, initial_sync: true}]}
            attach: false
            blkio_config: {weight: 300, weight_device: [{path: /dev/sda, weight: 400}]}
            cgroup: host
            credential_spec: {file: x.json}
          b: {image: b, network_mode: none, command: "", entrypoint: []}
          c: {provider: {type: awesome, options: {a: b, c: [1, 2]}}}
          d: {image: d, models: [llm], pre_start: [{command: migrate, volumes: ["./x:/y"]}], environment: {P: 1}, volumes: ["v:/v"]}
        networks:
          front: {driver: bridge, ipam: {driver: default, config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}]}, internal: true}
          back: {external: true}
          default: {name: special, driver_opts: {a: 1}, enable_ipv6: true}
          unused: {}
        configs: {c: {content: "hello ${UNSET:-x}"}, c2: {file: ./c.txt}}
        secrets: {s: {file: ./s.txt}, s2: {external: true, name: real}}
        models: {llm: {model: ai/x, context_size: 10}}
        volumes: {v: , vol2: {external: {name: old-style}}}
        """
    },
    "extends": {
        "compose.yaml": """
        services:
          a: {extends: {file: sub/base.yaml, service: base}, environment: {A: 2}, volumes: ["./own:/own"]}
          b: {extends: a, command: [b]}
          c: {extends: {service: plain}}
          plain: {image: p, labels: [x=y]}
        """,
        "sub/base.yaml": """
        services:
          base: {extends: {file: ../other/deep.yaml, service: deep}, build: {context: ./ctx}, env_file: [e.env], volumes: ["./data:/d"]}
        """,
        "sub/e.env": "FROM=file\n",
        "other/deep.yaml": "services: {deep: {image: deep, volumes: ['./deep:/deep'], environment: [A=1, B=1], develop: {watch: [{path: w, action: rebuild}]}}}",
    },
    "include": {
        "compose.yaml": """
        include:
          - one/compose.yaml
          - {path: [two/a.yaml, two/b.yaml], project_directory: three, env_file: vars.env}
        services:
          main: {image: main, depends_on: [one, two]}
          one: {environment: [OWN=1]}
        """,
        "one/compose.yaml": "include: [nested/compose.yaml]\nservices: {one: {image: 'one:${TAG}', volumes: ['./d:/d', 'v:/v']}}\nvolumes: {v: {}}",
        "one/.env": "TAG=from-one\n",
        "one/nested/compose.yaml": "services: {nested: {build: ., env_file: n.env}}",
        "one/nested/n.env": "N=1\n",
        "two/a.yaml": "services: {two: {image: 'two:${TAG}', build: src}}",
        "two/b.yaml": "services: {two: {restart: always}}",
        "vars.env": "TAG=vars\n",
        "three/src/Dockerfile": "FROM scratch\n",
    },
    "reset": {
        "compose.yaml": "services: {a: {image: a, ports: ['1:1', '2:2'], environment: {A: 1, B: 2}, labels: {x: y}, command: c}}",
        "over.yaml": "services: {a: {ports: !override ['3:3'], environment: {A: !reset null}, labels: !reset null, command: !override null}}",
    },
    "anchors": {
        "compose.yaml": """
        x-base: &base {image: base, environment: &env {A: 1, B: 2}, restart: always}
        x-more: &more {image: more, tty: true}
        services:
          a: {<<: *base, environment: {<<: *env, B: 3}}
          b: {<<: [*more, *base], command: x}
          c: *base
        """
    },
    "profiles": {
        "compose.yaml": "services: {a: {image: a}, b: {image: b, profiles: [p, q]}, c: {image: c, profiles: [r]}}",
        ".env": "COMPOSE_PROFILES=q\n",
    },
}
ORDERS = {"reset": ("compose.yaml", "over.yaml")}
"""The files of a set, where they are more than compose.yaml."""

REFUSED: dict[str, tuple[str, int]] = {
    "no source": ("services:\n  a:\n    tty: true\n", 2),
    "unknown key": ("services:\n  a:\n    image: a\n    imgae: b\n", 4),
    "unset required variable": ("services:\n  a:\n    image: ${TAG:?set it}\n", 3),
    "undefined dependency": ("services:\n  a:\n    image: a\n    depends_on:\n      - db\n", 5),
    "dependency behind a profile": ("services:\n  a: {image: a, depends_on: [b]}\n  b: {image: b, profiles: [p]}\n", 2),
    "undefined network": ("services:\n  a:\n    image: a\n    networks: [front]\n", 4),
    "undefined volume": ("services:\n  a:\n    image: a\n    volumes:\n      - data:/d\n", 5),
    "undefined secret": ("services:\n  a:\n    image: a\n    secrets: [s]\n", 4),
    "undefined build secret": ("services:\n  a:\n    build:\n      secrets: [s]\n", 4),
    "undefined config": ("services:\n  a:\n    image: a\n    configs: [c]\n", 4),
    "undefined model": ("services:\n  a:\n    image: a\n    models: [m]\n", 4),
    "dependency cycle": (
        "services:\n  a:\n    image: a\n    depends_on: [b]\n  b:\n    image: b\n    depends_on: [a]\n",
        7,
    ),
    "cycle through links": ("services:\n  a:\n    image: a\n    depends_on: [b]\n  b: {image: b, links: [a]}\n", 5),
    "include cycle": ("include:\n  - compose.yaml\nservices: {a: {image: a}}\n", 2),
    "extends cycle": (
        "services:\n  a:\n    image: a\n    extends: {service: b}\n  b: {image: b, extends: {service: a}}\n",
        4,
    ),
    "network_mode and networks": ("services:\n  a:\n    image: a\n    network_mode: host\n    networks: [default]\n", 4),
    "missing env file": ("services:\n  a:\n    image: a\n    env_file:\n      - gone.env\n", 5),
    "missing label file": ("services:\n  a:\n    image: a\n    label_file: gone.labels\n", 4),
    "scale against replicas": ("services:\n  a:\n    image: a\n    scale: 2\n    deploy: {replicas: 3}\n", 4),
    "scale with container_name": ("services:\n  a:\n    image: a\n    container_name: one\n    scale: 2\n", 5),
    "replicas with container_name": (
        "services:\n  a:\n    image: a\n    container_name: one\n    deploy:\n      replicas: 2\n",
        6,
    ),
    "same container_name": (
        "services:\n  a: {image: a, container_name: one}\n  b:\n    image: b\n    container_name: one\n",
        5,
    ),
    "cpus against deploy": (
        "services:\n  a:\n    image: a\n    cpus: 1\n    deploy: {resources: {limits: {cpus: '2'}}}\n",
        4,
    ),
    "memory against deploy": (
        "services:\n  a:\n    image: a\n    mem_limit: 1g\n    deploy: {resources: {limits: {memory: 2g}}}\n",
        4,
    ),
    "pids against deploy": (
        "services:\n  a:\n    image: a\n    pids_limit: 5\n    deploy: {resources: {limits: {pids: 6}}}\n",
        4,
    ),
    "two Dockerfiles": (
        "services:\n  a:\n    build:\n      dockerfile: D\n      dockerfile_inline: FROM x\n",
        5,
    ),
    "platform not built": ("services:\n  a:\n    build: {platforms: [linux/amd64]}\n    platform: linux/arm64\n", 4),
    "unknown context": ("services:\n  a:\n    build:\n      additional_contexts:\n        x: service:b\n", 5),
    "healthcheck word": ("services:\n  a:\n    image: a\n    healthcheck:\n      test: [curl, x]\n", 5),
    "watch without target": (
        "services:\n  a:\n    image: a\n    develop:\n      watch:\n        - {path: ., action: sync}\n",
        6,
    ),
    "tmpfs on a mount": ("services:\n  a:\n    image: a\n    volumes:\n      - /a:/x\n    tmpfs: /x\n", 5),
    "GPUs by count and id": ("services:\n  a:\n    image: a\n    gpus:\n      - {count: 1, device_ids: [x]}\n", 5),
    "port without number": ("services:\n  a:\n    image: a\n    ports:\n      - '${NONE}:${NONE}'\n", 5),
    "address of a port": ("services:\n  a:\n    image: a\n    ports:\n      - {target: 80, host_ip: localhost}\n", 5),
    "host without name": ("services:\n  a:\n    image: a\n    extra_hosts: ['${NONE}:1.2.3.4']\n", 4),
    "secret of nothing": ("services: {a: {image: a}}\nsecrets:\n  s: {}\n", 3),
    "config of two things": ("services: {a: {image: a}}\nconfigs:\n  c: {file: x, content: y}\n", 3),
    "remote include": ("include:\n  - https://example.com/a.git\nservices: {a: {image: a}}\n", 2),
}
"""A compose.yaml that Compose refuses, and the line that is to blame."""


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write a project of indented texts below a folder and return it."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8", newline="")
    return root
