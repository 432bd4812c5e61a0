/// Mistakes that somebody could make in the protocol of shards. The simulation must find each of them.
enum ShardBug: String, CaseIterable, Sendable {
  /// A worker that slept over the end of its lease claims the sink with a number of its own, and fences its successor.
  case claimsWithoutTheLease
  /// Claims do not raise the generation.
  case generationStays
  /// The sink does not look at the generation of whoever writes.
  case sinkIgnoresGeneration
  /// The sink does not look at the epoch.
  case sinkIgnoresEpoch
  /// Rows leave before the checkpoint that staged them is durable.
  case appliesBeforeDurable
  /// A checkpoint replaces one of the same number.
  case manifestsAreReplaced
  /// A start does not send what the newest checkpoint staged.
  case doesNotSendAgain
  /// Numbers of frames begin anew with every start.
  case sequencesAreForgotten
  /// A reader takes frames that came before.
  case takesDuplicates
  /// A reader takes frames after a hole.
  case takesAfterGaps
  /// What a reader knows of its senders is not in its checkpoint.
  case orderIsForgotten
  /// The reader's place in the exchange is not in its checkpoint.
  case offsetIsForgotten
  /// A sender that was not heard of yet does not hold the time back.
  case silentSendersDoNotCount
  /// A mark says the time of rows that are not sent yet.
  case marksOvertakeRows
  /// A shard counts as finished before its last rows are in the sink.
  case finishesTooEarly
  /// Whoever finds the last checkpoint of a shard of an earlier cut reads on behind it.
  case goesOnAfterTheLast
  /// A shard is drained when one of its senders is.
  case drainsAfterTheFirst
  /// State is divided anew before every shard is drained.
  case cutsTooEarly
  /// Other numbers of shards that are asked for meanwhile change the cut that is being made.
  case targetChanges
  /// A new shard keeps the keys of others.
  case keepsForeignKeys
  /// A new shard begins with the state of one old shard, though it has keys of several.
  case takesOneFormerShard
  /// The topics of the next cut are those of the one before.
  case topicsStay
}
