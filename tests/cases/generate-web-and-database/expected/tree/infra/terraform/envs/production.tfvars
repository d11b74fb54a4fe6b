# Written by scaffold; `scaffold generate` keeps what you change here.

environment = "production"
region      = "us-east-1"
