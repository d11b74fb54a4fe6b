"""The room `terraform`: the plan of the Terraform app, made from the Target, and the files that the app gives back."""
