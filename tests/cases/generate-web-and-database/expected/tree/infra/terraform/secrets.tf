# Written by scaffold; `scaffold generate` keeps what you change here.

resource "aws_secretsmanager_secret" "db" {
  #checkov:skip=CKV2_AWS_57:these values are rotated by raising credentials_version or by people; a rotation function that does not know the application would lock it out
  name                    = "${local.app}/${var.environment}/db"
  description             = "Login of the application at db"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = var.secret_recovery_window_days
}

ephemeral "aws_secretsmanager_random_password" "db" {
  password_length     = 48
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "db" {
  secret_id = aws_secretsmanager_secret.db.id

  secret_string_wo = jsonencode({
    username = "shop"
    password = ephemeral.aws_secretsmanager_random_password.db.random_password
    host     = aws_db_instance.main.address
    port     = "5432"
    dbname   = "shop"
    url      = "postgresql://shop:${ephemeral.aws_secretsmanager_random_password.db.random_password}@${aws_db_instance.main.address}:5432/shop?sslmode=require"
  })

  secret_string_wo_version = var.database_credentials_version

  lifecycle {
    replace_triggered_by = [aws_db_instance.main.address]
  }
}

resource "aws_secretsmanager_secret" "app" {
  #checkov:skip=CKV2_AWS_57:these values are rotated by raising credentials_version or by people; a rotation function that does not know the application would lock it out
  name                    = "${local.app}/${var.environment}/app"
  description             = "Values of the application, filled in by people"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = var.secret_recovery_window_days
}

resource "aws_secretsmanager_secret" "compose_host" {
  #checkov:skip=CKV2_AWS_57:these values are rotated by raising credentials_version or by people; a rotation function that does not know the application would lock it out
  name                    = "${local.app}/${var.environment}/compose-host"
  description             = "Values of the application, filled in by people"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = var.secret_recovery_window_days
}
