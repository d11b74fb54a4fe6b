# Written by scaffold; `scaffold generate` keeps what you change here.

environment                    = "staging"
region                         = "us-east-1"
create_github_oidc_provider    = false
nat_gateway_count              = 1
log_retention_days             = 30
kms_deletion_window_days       = 7
cluster_deletion_protection    = false
node_instance_types            = ["t3.large"]
node_count_min                 = 1
node_count_max                 = 3
backup_retention_days          = 7
backup_vault_locked            = false
backup_lock_days               = 1
secret_recovery_window_days    = 7
database_instance_class        = "db.t4g.small"
database_multi_az              = false
database_deletion_protection   = false
database_skip_final_snapshot   = true
database_backup_retention_days = 7
