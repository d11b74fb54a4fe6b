"""The images that a project builds: one a context, Dockerfile and target, with names that every output shares."""

from __future__ import annotations

from pathlib import Path

from scaffold.model.target import BuiltImage
from scaffold.plan.images import plan_images
from scaffold.read.project import read_project


def images_of(root: Path) -> tuple[BuiltImage, ...]:
    stack = read_project(root).main_stack
    assert stack is not None
    return plan_images(stack, "shop")


def test_services_of_one_context_share_an_image_and_others_do_not(make_project):
    compose = """\
        services:
          worker: {build: ./api, command: celery worker}
          api: {build: ./api}
          site: {build: {context: ./site, dockerfile: prod.Dockerfile, target: runtime}}
          db: {image: "postgres:16"}
    """
    images = images_of(
        make_project({"compose.yaml": compose, "api/Dockerfile": "FROM a\n", "site/prod.Dockerfile": "FROM b\n"})
    )
    assert [(image.name, image.context, image.dockerfile, image.target, image.services) for image in images] == [
        ("api", "api", "api/Dockerfile", "", ("api", "worker")),
        ("site", "site", "site/prod.Dockerfile", "runtime", ("site",)),
    ]
    assert images[0].repository == "shop/api"


def test_names_that_collide_stay_apart(make_project):
    compose = "services:\n  web_api: {build: ./a}\n  web-api: {build: ./b}\n"
    images = images_of(make_project({"compose.yaml": compose, "a/Dockerfile": "FROM a\n", "b/Dockerfile": "FROM b\n"}))
    names = [image.name for image in images]
    assert len(set(names)) == 2
    assert all(name.startswith("web-api-") for name in names)


def test_what_cannot_be_built_here_is_left_out(make_project):
    compose = """\
        services:
          remote: {build: "https://example.org/app.git#main"}
          outside: {build: ../elsewhere}
          e2e: {build: ./e2e, command: npx playwright test}
    """
    assert (
        images_of(make_project({"compose.yaml": compose, "e2e/Dockerfile": "FROM mcr.microsoft.com/playwright:v1.55.0\n"}))
        == ()
    )
