"""A small Kubernetes client: scale, logs, apply. The agent's tool, not a way to deploy Friday."""

from __future__ import annotations

import json
import ssl
import urllib.request
from typing import Any
from urllib.parse import quote


class K8sClient:
    """Talks to one API server with one bearer token."""

    def __init__(self, server: str, token: str, ca_file: str | None = None) -> None:
        if not server.startswith("https://"):
            raise ValueError("the API server must be reached over https")
        self._server = server.rstrip("/")
        self._token = token
        self._ca_file = ca_file

    def scale(self, namespace: str, deployment: str, replicas: int) -> Any:
        """Sets the replicas of a deployment."""
        path = f"{_deployments(namespace)}/{quote(deployment, safe='')}/scale"
        body = {"spec": {"replicas": replicas}}
        return json.loads(self._call("PATCH", path, body, "application/merge-patch+json"))

    def logs(self, namespace: str, pod: str, lines: int = 100) -> str:
        """Returns the last lines of a pod's log."""
        names = f"{quote(namespace, safe='')}/pods/{quote(pod, safe='')}"
        return self._call("GET", f"/api/v1/namespaces/{names}/log?tailLines={lines}")

    def apply(self, manifest: dict[str, Any]) -> Any:
        """Applies a Deployment on the server's side."""
        metadata = manifest["metadata"]
        path = f"{_deployments(metadata['namespace'])}/{quote(metadata['name'], safe='')}"
        path += "?fieldManager=friday"
        return json.loads(self._call("PATCH", path, manifest, "application/apply-patch+yaml"))

    def _call(self, method: str, path: str, body: Any = None, kind: str = "") -> str:
        request = urllib.request.Request(self._server + path, method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            request.add_header("Content-Type", kind)
            request.data = json.dumps(body).encode()
        context = ssl.create_default_context(cafile=self._ca_file)
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            text: str = answer.read().decode()
        return text


def _deployments(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{quote(namespace, safe='')}/deployments"
