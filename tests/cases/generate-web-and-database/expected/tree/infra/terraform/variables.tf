# Written by scaffold; `scaffold generate` keeps what you change here.

variable "project" {
  description = "Name of the project: the first part of every name. Changing it replaces the resources that carry it."
  type        = string
  nullable    = false
  default     = "shop"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.project)) && length(var.project) <= 18
    error_message = "Lower case letters, digits and single hyphens, a letter first, at most 18 characters."
  }
}

variable "environment" {
  description = "Environment that this state holds, such as production: the second part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.environment)) && length(var.environment) <= 12
    error_message = "Lower case letters, digits and single hyphens, a letter first, at most 12 characters."
  }
}

variable "region" {
  description = "AWS region of all resources."
  type        = string
  nullable    = false
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "A region such as us-east-1."
  }
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps logs."
  type        = number
  nullable    = false
  default     = 365

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch takes one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "kms_deletion_window_days" {
  description = "Days between the deletion of the key and the loss of everything that it encrypts."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.kms_deletion_window_days >= 7 && var.kms_deletion_window_days <= 30
    error_message = "KMS takes 7 to 30 days."
  }
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC. It must not overlap with networks that are to be peered."
  type        = string
  nullable    = false
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && can(regex("/(16|17|18|19|20)$", var.vpc_cidr))
    error_message = "An IPv4 range with a prefix from /16 to /20."
  }
}

variable "availability_zones" {
  description = "Zones to use (`aws ec2 describe-availability-zones` lists yours). Named here, so that a new zone moves nothing."
  type        = list(string)
  nullable    = false
  default     = ["us-east-1a", "us-east-1b"]

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 4 && alltrue([for zone in var.availability_zones : startswith(zone, var.region)])
    error_message = "2 to 4 zones of var.region; RDS and ElastiCache want subnets in at least two."
  }
}

variable "nat_gateway_count" {
  description = "NAT gateways, billed by the hour: one for each zone keeps the loss of a zone local, a single one costs less."
  type        = number
  nullable    = false
  default     = 2

  validation {
    condition     = var.nat_gateway_count >= 1 && var.nat_gateway_count <= length(var.availability_zones)
    error_message = "From 1 to the number of zones."
  }
}

variable "final_snapshot_suffix" {
  description = "Ending of the name of the last snapshot of a deleted store. Change it before a store is deleted a second time."
  type        = string
  nullable    = false
  default     = "1"

  validation {
    condition     = can(regex("^[a-z0-9]{1,20}$", var.final_snapshot_suffix))
    error_message = "Lower case letters and digits, at most 20."
  }
}

variable "database_engine_version" {
  description = "PostgreSQL major of the database of the service db. The major alone: AWS takes few exact versions and raises minors itself."
  type        = string
  nullable    = false
  default     = "16"

  validation {
    condition     = can(regex("^[1-9][0-9]$", var.database_engine_version))
    error_message = "A PostgreSQL major such as 17."
  }
}

variable "database_instance_class" {
  description = "Instance class of the database of the service db."
  type        = string
  nullable    = false
  default     = "db.t4g.medium"

  validation {
    condition     = startswith(var.database_instance_class, "db.")
    error_message = "An RDS instance class such as db.t4g.medium."
  }
}

variable "database_allocated_storage" {
  description = "Storage at the start of the database of the service db, in GiB."
  type        = number
  nullable    = false
  default     = 20

  validation {
    condition     = var.database_allocated_storage >= 20
    error_message = "RDS wants 20 GiB or more on gp3."
  }
}

variable "database_max_allocated_storage" {
  description = "Storage up to which RDS grows the database of the service db by itself, in GiB."
  type        = number
  nullable    = false
  default     = 100

  validation {
    condition     = var.database_max_allocated_storage > var.database_allocated_storage
    error_message = "More than the allocated storage."
  }
}

variable "database_multi_az" {
  description = "Whether a standby of the database of the service db runs in a second zone."
  type        = bool
  nullable    = false
  default     = true
}

variable "database_deletion_protection" {
  description = "Whether AWS refuses to delete the database of the service db."
  type        = bool
  nullable    = false
  default     = true
}

variable "database_skip_final_snapshot" {
  description = "Whether the database of the service db may go without a last snapshot."
  type        = bool
  nullable    = false
  default     = false
}

variable "database_backup_retention_days" {
  description = "Days to which the database of the service db can be restored, to the second."
  type        = number
  nullable    = false
  default     = 35

  validation {
    condition     = var.database_backup_retention_days >= 7 && var.database_backup_retention_days <= 35
    error_message = "From 7 to 35 days."
  }
}

variable "secret_recovery_window_days" {
  description = "Days for which a deleted secret can be brought back."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.secret_recovery_window_days >= 7 && var.secret_recovery_window_days <= 30
    error_message = "From 7 to 30 days."
  }
}

variable "database_credentials_version" {
  description = "Raise it to give the application a new password for the database of the service db: all that holds the password changes in that apply."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.database_credentials_version >= 1
    error_message = "A number from 1 on."
  }
}
