public import Dataflow

/// The `s3` connection of a job file: a server that speaks S3.
public enum S3Connection {
  /// What a `Connection` document of type `s3` may say.
  public static let descriptor = Descriptor(
    type: "s3",
    summary: "A server that speaks S3: for checkpoints. Where an option is left out, the variables that Amazon's tools read are used.",
    fields: [
      ConfigField(
        "endpoint", .string, example: "https://minio.example:9000", "Where the server is; left out: AWS_ENDPOINT_URL_S3, or Amazon S3."),
      ConfigField("region", .string, example: "eu-central-1", "Left out: AWS_REGION, or us-east-1."),
      ConfigField(
        "accessKey", .string, example: "${S3_ACCESS_KEY}", secret: true,
        "Left out: AWS_ACCESS_KEY_ID, with the secret and the token beside it."),
      ConfigField("secretKey", .string, example: "${S3_SECRET_KEY}", secret: true, "The secret of `accessKey`."),
      ConfigField("sessionToken", .string, secret: true, "Of temporary credentials."),
      ConfigField(
        "pathStyle", .bool, "Whether the bucket stands in the path and not in the host's name; left out: where there is an endpoint."),
      ConfigField(
        "plainText", .bool, default: "false", "Allows an http:// endpoint on another machine. Contents are then not protected on their way."
      ),
      ConfigField("caFile", .string, example: "/etc/ssl/private-ca.pem", "Certificates to trust, in PEM; left out: the system's."),
      ConfigField("timeout", .duration, default: "1m", "How long one try of one request may take."),
    ],
    example: """
      endpoint: https://minio.example:9000
      accessKey: "${S3_ACCESS_KEY}"
      secretKey: "${S3_SECRET_KEY}"
      """)
}
