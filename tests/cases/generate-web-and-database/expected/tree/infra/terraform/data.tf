# Written by scaffold; `scaffold generate` keeps what you change here.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}
