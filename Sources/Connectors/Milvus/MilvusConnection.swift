public import Dataflow

/// The `milvus` connection of a job file: a server of vectors.
public enum MilvusConnection {
  /// What a `Connection` document of type `milvus` may say.
  public static let descriptor = Descriptor(
    type: "milvus",
    summary: "A Milvus server, spoken to over gRPC: for vectors.",
    fields: [
      ConfigField("url", .string, required: true, example: "http://milvus:19530", "Where the server is; https:// where it has TLS."),
      ConfigField(
        "token", .string, example: "${MILVUS_TOKEN}", secret: true, "`user:password`, or an API key; nothing for a server without accounts."
      ),
      ConfigField("database", .string, example: "telemetry", "The database in the server; its default one unless given."),
      ConfigField("caFile", .string, example: "/etc/ssl/private-ca.pem", "Certificates to trust, in PEM; left out: the system's."),
      ConfigField("timeout", .duration, default: "30s", "How long one call may take."),
    ],
    example: "url: http://milvus:19530")
}
