# Written by scaffold; `scaffold generate` keeps what you change here.

locals {
  name                = "${var.project}-${var.environment}"
  app                 = "shop"
  account             = data.aws_caller_identity.current.account_id
  partition           = data.aws_partition.current.partition
  github_repositories = concat([var.github_repository], var.github_repository_id == "" ? [] : ["${split("/", var.github_repository)[0]}@${var.github_owner_id}/${split("/", var.github_repository)[1]}@${var.github_repository_id}"])
}
