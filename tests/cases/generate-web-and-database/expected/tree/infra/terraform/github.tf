# Written by scaffold; `scaffold generate` keeps what you change here.

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.github_repository != "" && var.create_github_oidc_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github_push" {
  count = var.github_repository == "" ? 0 : 1
  name  = "${local.name}-github-push"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Principal = {
        Federated = "arn:${local.partition}:iam::${local.account}:oidc-provider/token.actions.githubusercontent.com"
      }
      Action = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        }
        StringLike = {
          "token.actions.githubusercontent.com:sub" = concat([for repository in local.github_repositories : "repo:${repository}:ref:refs/heads/${var.github_branch}"], [for repository in local.github_repositories : "repo:${repository}:ref:refs/tags/v*"], [for repository in local.github_repositories : "repo:${repository}:environment:${var.environment}"])
        }
      }
    }]
  })

  max_session_duration = 3600
}

resource "aws_iam_role" "github_plan" {
  count = var.github_repository == "" ? 0 : 1
  name  = "${local.name}-github-plan"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Principal = {
        Federated = "arn:${local.partition}:iam::${local.account}:oidc-provider/token.actions.githubusercontent.com"
      }
      Action = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        }
        StringLike = {
          "token.actions.githubusercontent.com:sub" = concat([for repository in local.github_repositories : "repo:${repository}:pull_request"], [for repository in local.github_repositories : "repo:${repository}:ref:refs/heads/${var.github_branch}"])
        }
      }
    }]
  })

  max_session_duration = 3600
}

resource "aws_iam_role_policy" "github_push" {
  count = var.github_repository == "" ? 0 : 1
  name  = "push"
  role  = aws_iam_role.github_push[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["eks:DescribeCluster"]
      Resource = aws_eks_cluster.main.arn
    }]
  })
}

resource "aws_iam_role_policy_attachment" "github_plan" {
  count      = var.github_repository == "" ? 0 : 1
  role       = aws_iam_role.github_plan[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "github_plan" {
  count = var.github_repository == "" ? 0 : 1
  name  = "plan"
  role  = aws_iam_role.github_plan[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["secretsmanager:GetRandomPassword"]
      Resource = "*"
    }]
  })
}
