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

variable "cluster_version" {
  description = "Kubernetes version of the cluster and of its nodes, as of 2026-11-25. Raise it by one minor at a time."
  type        = string
  nullable    = false
  default     = "1.36"

  validation {
    condition     = can(regex("^1[.][0-9]{2}$", var.cluster_version))
    error_message = "A Kubernetes minor such as 1.36."
  }
}

variable "cluster_deletion_protection" {
  description = "Whether AWS refuses to delete the cluster."
  type        = bool
  nullable    = false
  default     = true
}

variable "cluster_public_access_cidrs" {
  description = "IPv4 ranges from which the Kubernetes API can be reached over the internet. Empty: from inside the VPC alone."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for cidr in var.cluster_public_access_cidrs : can(cidrnetmask(cidr)) && cidr != "0.0.0.0/0"])
    error_message = "IPv4 ranges such as 203.0.113.0/24, and not the whole internet."
  }
}

variable "cluster_admin_arns" {
  description = "ARNs of the IAM roles that administer the cluster. Whoever applies this is none of them by that alone."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for arn in var.cluster_admin_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/", arn))])
    error_message = "ARNs of IAM roles or users."
  }
}

variable "node_instance_types" {
  description = "Instance types of the nodes, the first one preferred."
  type        = list(string)
  nullable    = false
  default     = ["m6i.large"]

  validation {
    condition     = length(var.node_instance_types) > 0
    error_message = "At least one instance type."
  }
}

variable "node_count_min" {
  description = "Nodes at the start, and the fewest that the autoscaler keeps."
  type        = number
  nullable    = false
  default     = 2

  validation {
    condition     = var.node_count_min >= 1
    error_message = "At least one node."
  }
}

variable "node_count_max" {
  description = "The most nodes that the autoscaler may start."
  type        = number
  nullable    = false
  default     = 6

  validation {
    condition     = var.node_count_max >= var.node_count_min
    error_message = "At least as many as node_count_min."
  }
}

variable "node_disk_size" {
  description = "Disk of a node for images and logs, in GiB."
  type        = number
  nullable    = false
  default     = 50

  validation {
    condition     = var.node_disk_size >= 20
    error_message = "At least 20 GiB."
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

variable "backup_lock_days" {
  description = "Days for which nobody without the right to bypass governance can destroy a backup in the bucket."
  type        = number
  nullable    = false
  default     = 14

  validation {
    condition     = var.backup_lock_days >= 1 && var.backup_lock_days <= 30
    error_message = "From 1 to 30 days."
  }
}

variable "backup_retention_days" {
  description = "Days for which the daily backups in the vault are kept."
  type        = number
  nullable    = false
  default     = 35

  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 3650
    error_message = "From 7 days to ten years."
  }
}

variable "backup_vault_locked" {
  description = "Whether the vault refuses to delete backups younger than 7 days. Those with the right can unlock it."
  type        = bool
  nullable    = false
  default     = true
}

variable "alarm_email" {
  description = "Address to which alarms are sent; AWS asks it for consent first. Empty: nobody is told."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.alarm_email == "" || can(regex("^[^@[:space:]]+@[^@[:space:]]+$", var.alarm_email))
    error_message = "An address, or nothing."
  }
}

variable "database_connections_alarm" {
  description = "Connections to the database of the service db that are too many: 80 % of what its instance class takes."
  type        = number
  nullable    = false
  default     = 330

  validation {
    condition     = var.database_connections_alarm > 0
    error_message = "A number above 0."
  }
}

variable "certificate_arn" {
  description = "ARN of the ACM certificate for the app's host name, in var.region. Empty: the load balancer looks for one by name."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:[a-z-]+:acm:", var.certificate_arn))
    error_message = "The ARN of a certificate, or nothing."
  }
}

variable "github_repository" {
  description = "The repository on GitHub (`owner/name`) whose workflows may act in this account. Empty: none."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.github_repository == "" || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "`owner/name`, or nothing."
  }
}

variable "github_owner_id" {
  description = "The number of the repository's owner: gh api repos/OWNER/NAME --jq .owner.id"
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^[0-9]*$", var.github_owner_id)) && (var.github_owner_id == "") == (var.github_repository_id == "")
    error_message = "Digits; both numbers or none."
  }
}

variable "github_repository_id" {
  description = "The number of the repository: gh api repos/OWNER/NAME --jq .id"
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^[0-9]*$", var.github_repository_id))
    error_message = "Digits, or nothing."
  }
}

variable "github_branch" {
  description = "The branch whose workflows may push images; those of tags that begin with v may too."
  type        = string
  nullable    = false
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.github_branch))
    error_message = "The name of a branch, without wildcards."
  }
}

variable "create_github_oidc_provider" {
  description = "Whether this state makes GitHub's identity provider: once in an account."
  type        = bool
  nullable    = false
  default     = true
}
