"""A cdktn program without anything of ours: the resources that stdin names as JSON, synthesised; `make bench` times it."""

from __future__ import annotations

import json
import sys
import tempfile

import cdktn

with tempfile.TemporaryDirectory() as folder:
    app = cdktn.App(outdir=folder)
    stack = cdktn.TerraformStack(app, "main")
    for type_name, name, arguments in json.load(sys.stdin):
        resource = cdktn.TerraformResource(stack, f"{type_name}.{name}", terraform_resource_type=type_name)
        for argument in arguments:
            resource.add_override(argument, "value")
    app.synth()
