package import BridgeCore

extension StatusChange {
  /// A record's value, `lippi-status/v1`: every member is always there.
  package func json(_ identity: WorkerIdentity, _ snapshot: WorkerSnapshot, at now: Moment) -> [UInt8] {
    var text = ByteBuffer(capacity: 1_024)
    text.append(#"{"schema":"lippi-status/v1","what":"#)
    text.appendJSONString(what.name)
    text.append(#","instance":"#)
    text.appendLogString(identity.instance)
    text.append(#","version":"#)
    text.appendLogString(identity.version)
    text.append(#","at":"#)
    text.appendDecimal(now.wall.milliseconds)
    text.append(#","since":"#)
    text.appendDecimal(since.milliseconds)
    text.append(#","state":"#)
    text.appendJSONString(snapshot.line.state.name)
    text.append(#","code":"#)
    text.appendOptional(code)
    text.append(#","sub_code":"#)
    text.appendOptional(subCode)
    text.append(#","next_step":"#)
    text.appendOptional(nextStep)
    text.append(#","partition":"#)
    text.appendOptional(partition.map { Int64($0) })
    text.append(#","partitions":["#)
    for (index, partition) in snapshot.partitions.enumerated() {
      if index > 0 { text.append(",") }
      text.append(#"{"partition":"#)
      text.appendDecimal(Int64(partition.partition))
      text.append(#","committed":"#)
      text.appendOptional(partition.committedOffset)
      text.append(#","end":"#)
      text.appendOptional(partition.endOffset)
      text.append(#","unresolved":"#)
      text.appendDecimal(Int64(partition.unresolvedCount + partition.unpublishedCount))
      text.append(#","oldest_at":"#)
      text.appendOptional(partition.oldestAt?.milliseconds)
      text.append(#","reason":"#)
      text.appendOptional(snapshot.stallReason(of: partition, at: now.monotonic)?.name)
      text.append("}")
    }
    text.append("]}")
    return text.withBytes { Array($0) }
  }
}
