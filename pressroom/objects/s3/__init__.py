"""The object store on S3. Nothing outside this folder knows boto3."""
