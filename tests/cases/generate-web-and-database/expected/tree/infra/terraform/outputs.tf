# Written by scaffold; `scaffold generate` keeps what you change here.

output "helm_values" {
  description = "What deploys the app reads this: terraform output -json helm_values > values-infra-<environment>.json"

  value = {
    infrastructure = {
      region    = var.region
      kmsKeyArn = aws_kms_key.main.arn
      network = {
        vpcId                      = aws_vpc.main.id
        privateSubnetIds           = aws_subnet.private[*].id
        applicationSecurityGroupId = aws_security_group.application.id
      }
      stores = {
        db = {
          engine          = "postgres"
          host            = aws_db_instance.main.address
          port            = 5432
          database        = "shop"
          username        = "shop"
          secretName      = aws_secretsmanager_secret.db.name
          masterSecretArn = aws_db_instance.main.master_user_secret[0].secret_arn
        }
      }
      secrets = {
        db  = aws_secretsmanager_secret.db.name
        app = aws_secretsmanager_secret.app.name
      }
    }
  }
}
