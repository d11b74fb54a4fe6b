"""The CDKTF app: turns the plan of a project into Terraform, one file a concern."""
