# Written by scaffold; `scaffold generate` keeps what you change here.

locals {
  name = "${var.project}-${var.environment}"
}
