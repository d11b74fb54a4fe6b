"""What the AWS provider accepts, as data, and the check of arguments against it."""
