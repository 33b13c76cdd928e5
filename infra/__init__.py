"""What runs on AWS: templates, environments and `python -m infra`, which deploys them. Nothing imports this package."""
