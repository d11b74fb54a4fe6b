# Written by scaffold; `scaffold generate` keeps what you change here.

resource "aws_iam_role" "rds_monitoring" {
  name = "${local.name}-rds-monitoring"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Principal = {
        Service = "monitoring.rds.amazonaws.com"
      }
      Action = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
        }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "rds_monitoring" {
  role       = aws_iam_role.rds_monitoring.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_subnet_group" "main" {
  name       = "${local.name}-rds"
  subnet_ids = aws_subnet.data[*].id
}

resource "aws_security_group" "rds_db" {
  name        = "${local.name}-db-rds"
  description = "PostgreSQL"
  vpc_id      = aws_vpc.main.id

  tags = {
    Name = "${local.name}-db-rds"
  }
}

resource "aws_vpc_security_group_ingress_rule" "rds_db" {
  #checkov:skip=CKV_AWS_260:a rule that names a security group and no addresses opens nothing to the internet, which this check does not see; port 80 of a load balancer is open for the redirect to HTTPS alone
  security_group_id            = aws_security_group.rds_db.id
  description                  = "From the application"
  referenced_security_group_id = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "main" {
  name_prefix = "${local.name}-db-pg${var.database_engine_version}-"
  family      = "postgres${var.database_engine_version}"
  description = "PostgreSQL of ${local.name}"

  parameter {
    name  = "log_lock_waits"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "rds_db_iam_db_auth_error" {
  name              = "/aws/rds/instance/${local.name}-db/iam-db-auth-error"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_cloudwatch_log_group" "rds_db_postgresql" {
  name              = "/aws/rds/instance/${local.name}-db/postgresql"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_cloudwatch_log_group" "rds_db_upgrade" {
  name              = "/aws/rds/instance/${local.name}-db/upgrade"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_db_instance" "main" {
  identifier                            = "${local.name}-db"
  engine                                = "postgres"
  engine_version                        = var.database_engine_version
  engine_lifecycle_support              = "open-source-rds-extended-support-disabled"
  instance_class                        = var.database_instance_class
  db_name                               = "shop"
  port                                  = 5432
  username                              = "appadmin"
  manage_master_user_password           = true
  iam_database_authentication_enabled   = true
  master_user_secret_kms_key_id         = aws_kms_key.main.arn
  storage_type                          = "gp3"
  allocated_storage                     = var.database_allocated_storage
  max_allocated_storage                 = var.database_max_allocated_storage
  storage_encrypted                     = true
  kms_key_id                            = aws_kms_key.main.arn
  db_subnet_group_name                  = aws_db_subnet_group.main.name
  vpc_security_group_ids                = [aws_security_group.rds_db.id]
  publicly_accessible                   = false
  multi_az                              = var.database_multi_az
  parameter_group_name                  = aws_db_parameter_group.main.name
  deletion_protection                   = var.database_deletion_protection
  skip_final_snapshot                   = var.database_skip_final_snapshot
  final_snapshot_identifier             = "${local.name}-db-final-${var.final_snapshot_suffix}"
  copy_tags_to_snapshot                 = true
  delete_automated_backups              = false
  backup_retention_period               = var.database_backup_retention_days
  backup_window                         = "02:00-03:00"
  maintenance_window                    = "sun:03:30-sun:04:30"
  auto_minor_version_upgrade            = true
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.rds_monitoring.arn
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.main.arn
  performance_insights_retention_period = 7
  database_insights_mode                = "standard"
  enabled_cloudwatch_logs_exports       = ["iam-db-auth-error", "postgresql", "upgrade"]

  depends_on = [
    aws_cloudwatch_log_group.rds_db_iam_db_auth_error,
    aws_cloudwatch_log_group.rds_db_postgresql,
    aws_cloudwatch_log_group.rds_db_upgrade,
  ]
}
