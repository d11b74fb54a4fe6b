# Written by scaffold; `scaffold generate` keeps what you change here.

terraform {
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
