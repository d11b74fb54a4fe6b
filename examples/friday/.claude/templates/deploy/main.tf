# Template: replace every <...> before use. Belongs to no environment of this project.
terraform {
  required_version = ">= 1.0"
}

resource "null_resource" "deploy" {
  triggers = {
    image = "<registry>/<app>:<version>"
  }
}
