"""What goes stale: versions and names that AWS, Terraform and checkov change, each with its source."""

from __future__ import annotations

AS_OF = "2026-11-25"
"""The day on which the values below were looked up."""

TERRAFORM = ">= 1.11.0"
"""Write-only arguments need Terraform 1.11 and OpenTofu 1.11 (their release notes)."""

PROVIDER = "~> 6.69"
"""The provider whose schema is kept in schema/aws.json."""

KUBERNETES = "1.36"
"""EKS: standard support until 2027-08-02 (endoflife.date, 2026-08-22); 1.35 leaves it on 2027-03-27."""

NODE_IMAGE = "AL2023_x86_64_STANDARD"
"""Amazon Linux 2023; AL2 ended on 2026-06-30 (EKS API, AMITypes). x86, because GitHub's usual runners build for it."""

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""The console's default; the API's own default is of 2016 (ELB, DescribeSSLPolicies)."""

GITHUB_ISSUER = "token.actions.githubusercontent.com"
"""The issuer of GitHub's identity tokens (GitHub, OpenID Connect in AWS)."""
