import CRdKafka

// Offset commits without a transaction, on behalf of the committer.
extension KafkaIntake {
  /// Sends what the committer asks for, if the assignment is still the one that it means.
  mutating func sendPlainCommit() {
    guard let request = membership.plainCommits.nextRequest() else { return }
    guard request.epoch == epoch, ownsAssignment, membership.credentials(for: epoch) != nil,
      rejoining == .no, plainCommitUnderWay == nil
    else {
      membership.plainCommits.answer(.refused(nil))
      return
    }
    let offsets = PartitionList(topic: settings.inputTopic, request.partitions)
    plainCommitUnderWay = observer.unansweredOffsetCommitCount
    let code = client.commit(offsets)
    if !code.isSuccess { plainCommitEnded(code) }
  }

  mutating func plainCommitEnded(_ code: KafkaCode) {
    guard let unansweredBefore = plainCommitUnderWay else { return }
    plainCommitUnderWay = nil
    let isUnanswered =
      code.isLocal || code == .requestTimedOut
      || observer.unansweredOffsetCommitCount != unansweredBefore
    if isUnanswered {
      notices.post(KafkaNotice(.warning, "offset commit was not answered", code: code.name))
      membership.void(epoch)
      rejoin(.atOnce)
      membership.plainCommits.answer(.unanswered)
    } else if code.isSuccess {
      membership.plainCommits.answer(.committed)
    } else {
      if code.isMembershipRefusal { membership.void(epoch) }
      membership.plainCommits.answer(.refused(code))
    }
  }

  /// The commit's own error, or else the first partition's.
  func commitCode(of event: OpaquePointer) -> KafkaCode {
    let code = KafkaCode(rd_kafka_event_error(event))
    guard code.isSuccess, let list = rd_kafka_event_topic_partition_list(event) else { return code }
    for index in 0..<Int(list.pointee.cnt) {
      let partitionCode = KafkaCode(list.pointee.elems[index].err)
      if !partitionCode.isSuccess { return partitionCode }
    }
    return code
  }
}
