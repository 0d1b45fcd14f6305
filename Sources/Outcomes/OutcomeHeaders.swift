/// The headers that are ours.
enum OutcomeHeaders {
  /// A copy with the name of a header of ours would make two different ones of it.
  static func isOwn(_ name: UnsafeRawBufferPointer) -> Bool {
    ownNames.contains { own in
      own.utf8CodeUnitCount == name.count
        && UnsafeRawBufferPointer(start: own.utf8Start, count: own.utf8CodeUnitCount).elementsEqual(name)
    }
  }

  private static let ownNames: [StaticString] = [
    "outcome", "error_class", "event_id", "source_topic", "source_partition", "source_offset", "bridge_batch",
    "content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject",
  ]
}
