import BridgeCore

extension GroupInquirer {
  /// All that is known of these partitions, in one try; without a look at earlier outcomes.
  borrowing func recovered(
    _ partitions: [PartitionIndex], start: KafkaSettings.StartPosition?
  ) -> Result<[RecoveredPartition], KafkaFailure> {
    do throws(KafkaFailure) {
      let slice = KafkaTimes.slice
      let committed = try committed(partitions, within: slice).get()
      let logStarts = try offsets(at: Self.logStart, of: partitions, within: slice).get()
      let ends = try offsets(at: Self.logEnd, of: partitions, within: slice).get()
      var positions: [RecordOffset?]
      switch start {
      case .earliest: positions = logStarts
      case .latest: positions = ends
      case .time(let time):
        positions = try offsets(at: time.milliseconds, of: partitions, within: slice).get()
        // No record is as young: begin with the next one.
        for index in positions.indices where positions[index] == nil { positions[index] = ends[index] }
      case nil: positions = Array(repeating: nil, count: partitions.count)
      }
      var recovered: [RecoveredPartition] = []
      for (index, partition) in partitions.enumerated() {
        guard let logStart = logStarts[index], let end = ends[index] else {
          throw KafkaFailure(.timedOut, "the bounds of a partition's log are missing in the answer")
        }
        recovered.append(
          RecoveredPartition(
            partition: partition, committedOffset: committed[index].offset,
            metadata: committed[index].metadata, logStart: logStart, logEnd: end,
            startPosition: positions[index]))
      }
      return .success(recovered)
    } catch {
      return .failure(error)
    }
  }
}
