internal import BridgeCore

/// Which partitions somebody decides about, and how.
struct OffsetsRequest {
  enum Choice {
    /// All that are not started.
    case all
    case partitions([PartitionIndex])
  }

  var choice: Choice
  var decision: OffsetsDecision
  /// Nothing is written without it.
  var isConfirmed: Bool

  /// `option`: takes an offset.
  init(
    _ arguments: CommandArguments, option: String, _ decision: (RecordOffset?) -> OffsetsDecision
  ) throws(UsageFault) {
    var partitions: Set<PartitionIndex> = []
    for text in arguments.values(of: "--partition") {
      guard let partition = PartitionIndex(text), partition >= 0 else {
        throw UsageFault(sentence: "--partition \(text) is no number from 0")
      }
      partitions.insert(partition)
    }
    guard partitions.isEmpty == arguments.isSet("--all") else {
      throw UsageFault(sentence: "one of --partition N and --all is needed")
    }
    var offset: RecordOffset?
    if let text = arguments.value(of: option) {
      guard let number = RecordOffset(text), number >= 0 else {
        throw UsageFault(sentence: "\(option) \(text) is no offset: a number from 0")
      }
      guard partitions.count == 1 else {
        throw UsageFault(sentence: "\(option) is an offset of one partition: give it with one --partition N")
      }
      offset = number
    }
    choice = partitions.isEmpty ? .all : .partitions(partitions.sorted())
    self.decision = decision(offset)
    isConfirmed = arguments.isSet("--yes")
  }
}
