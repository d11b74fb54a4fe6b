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
        applicationSecurityGroupId = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
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
        db           = aws_secretsmanager_secret.db.name
        app          = aws_secretsmanager_secret.app.name
        compose-host = aws_secretsmanager_secret.compose_host.name
      }
      registry    = "${local.account}.dkr.ecr.${var.region}.${data.aws_partition.current.dns_suffix}"
      images      = {}
      fileSystems = {}
      buckets = {
        backups = aws_s3_bucket.backups.id
      }
      serviceAccounts = {}
      certificateArn  = var.certificate_arn
    }
  }
}

output "cluster_name" {
  description = "Name of the cluster that runs the app."
  value       = local.name
}

output "github_roles" {
  description = "ARNs for GitHub's variables: AWS_ROLE_ARN is `push`, `plan` may only look."
  value       = { plan = one(aws_iam_role.github_plan[*].arn), push = one(aws_iam_role.github_push[*].arn) }
}
