package import BridgeCore
import CRdKafka
import Glibc

/// Reads and writes the recovery logs of a group from beside it, for an operator's command: it never joins the group.
///
/// Kafka takes offsets from somebody who is no member without checking who owns a partition. So a write is made by a
/// transaction whose id all commands of the group share, what is committed is read again inside of it, and nothing is
/// written if it is not what the decision was made of. What remains: between that second look and the commit, some
/// milliseconds, another tool, or a worker that has just begun to own the partition, may commit; the later of the two
/// then stands. Of two commands the one that began first fails. A look behind the commit tells whose recovery log is
/// there.
package struct GroupLogs: ~Copyable {
  /// What is known of the whole group.
  package struct Findings: Sendable {
    /// In the order of their numbers.
    package var partitions: [RecoveredPartition]
    package var limits: RecoveryLogLimits
  }

  package enum Writing: Sendable, Equatable {
    case written
    /// These were changed by somebody else since they were read: nothing was written.
    case changed([PartitionIndex])
    /// Written, and these were changed by somebody else right after.
    case overwritten([PartitionIndex])
  }

  /// Instead of an instance in the transactional id.
  private static let instance = "offsets-command"
  private static let pause = TimeSpan.milliseconds(200)

  private let settings: KafkaSettings
  private let inquirer: GroupInquirer
  private let timeout: TimeSpan
  private let partitionCount: Int
  private let limits: RecoveryLogLimits

  /// `timeout`: for each thing that is asked.
  package init(_ settings: KafkaSettings, timeout: TimeSpan) throws(FatalFault) {
    var settings = settings
    settings.instance = Self.instance
    settings.guarantee = .exactlyOnce
    var inquiry = try ClusterInquiry(settings, timeout: timeout)
    let partitionCount = try settings.partitionCount(
      of: settings.inputTopic, like: nil, &inquiry, right: .readInput)
    _ = try settings.partitionCount(
      of: settings.resultTopic, like: partitionCount, &inquiry, right: .writeResult)
    let limits = try SettingRules.recoveryLogLimits(
      inquiry.describe(topics: [], brokers: inquiry.askedBrokers, within: KafkaTimes.slice))
    inquirer = try GroupInquirer(settings, notices: KafkaNotices())
    self.settings = settings
    self.timeout = timeout
    self.partitionCount = partitionCount
    self.limits = limits
  }

  /// Every partition of the input topic, earlier outcomes looked for where nothing is committed.
  package borrowing func read() throws(FatalFault) -> Findings {
    let all = (0..<partitionCount).map { PartitionIndex($0) }
    var partitions = try ask { inquirer.recovered(all, start: nil) }
    let uncommitted = partitions.filter { $0.committedOffset == nil }.map(\.partition)
    if !uncommitted.isEmpty {
      let answers = try earlierOutcomes(of: uncommitted)
      for index in partitions.indices {
        partitions[index].earlierOutcomes = answers[partitions[index].partition] ?? .none
      }
    }
    return Findings(partitions: partitions, limits: limits)
  }

  private borrowing func earlierOutcomes(
    of partitions: [PartitionIndex]
  ) throws(FatalFault) -> [PartitionIndex: EarlierOutcomes] {
    var search = OutcomeSearch(settings, partitions: partitions, number: 0)
    while true {
      switch search.advance(for: OutcomeSearch.limit, while: { true }) {
      case .found(let answers): return answers
      case .refused(let fault): throw fault
      case nil: usleep(useconds_t(Self.pause.microseconds))
      }
    }
  }

  /// Writes recovery logs for partitions that were `found` so.
  package borrowing func write(
    _ logs: [(found: RecoveredPartition, log: RecoveryLog)]
  ) throws(FatalFault) -> Writing {
    let commits = try logs.map { decided throws(FatalFault) -> PartitionCommit in
      guard let metadata = RecoveryLogCodec.encode(decided.log, limit: limits.characters) else {
        throw FatalFault(
          .configuration,
          "The recovery log of partition \(decided.found.partition) is too long for the brokers.")
      }
      return PartitionCommit(
        partition: decided.found.partition, epoch: Epoch(0), committedOffset: decided.log.committedOffset,
        metadata: metadata, previousToken: nil)
    }
    guard let outsider = GroupCredentials.outsider(of: settings.groupID) else {
      throw FatalFault(.configuration, "Kafka does not take \(settings.groupID) as the name of a group.")
    }
    let deadline = MonotonicTime.now + timeout
    let goesOn = { MonotonicTime.now < deadline }
    let producer = try OutcomeProducer(settings, notices: KafkaNotices())
    if let failure = producer.initialize(while: goesOn) {
      throw settings.startFault(producer.client.fatalFailure() ?? failure)
    }
    if let failure = producer.begin(while: goesOn) { throw fault(failure) }
    let changed = try changes(since: logs.map(\.found))
    guard changed.isEmpty else {
      _ = producer.abort(while: goesOn)
      return .changed(changed)
    }
    let failure =
      producer.sendOffsets(commits, of: settings.inputTopic, as: outsider, while: goesOn)
      ?? producer.commit(while: goesOn)
    if let failure {
      _ = producer.abort(while: goesOn)
      throw fault(failure)
    }
    let tokens = try ask { inquirer.committed(commits.map(\.partition), within: KafkaTimes.slice) }
    let overwritten = zip(commits, tokens).filter { $1.metadata != $0.metadata }.map(\.0.partition)
    return overwritten.isEmpty ? .written : .overwritten(overwritten)
  }

  private borrowing func changes(since found: [RecoveredPartition]) throws(FatalFault) -> [PartitionIndex] {
    let now = try ask { inquirer.committed(found.map(\.partition), within: KafkaTimes.slice) }
    return zip(found, now).filter { $0.committedOffset != $1.offset || $0.metadata != $1.metadata }
      .map(\.0.partition)
  }

  /// Asks until there is an answer that counts: a transaction that is open hides what is committed.
  private borrowing func ask<Answer>(
    _ question: () -> Result<Answer, KafkaFailure>
  ) throws(FatalFault) -> Answer {
    let deadline = MonotonicTime.now + timeout
    while true {
      switch question() {
      case .success(let answer): return answer
      case .failure(let failure):
        if failure.code == .groupRefused { throw KafkaRight.useGroup.fault(settings, failure.code) }
        guard !failure.code.isAccessRefusal, MonotonicTime.now < deadline else {
          throw fault(failure)
        }
        usleep(useconds_t(Self.pause.microseconds))
      }
    }
  }

  private borrowing func fault(_ failure: KafkaFailure) -> FatalFault {
    if failure.code == .groupRefused { return KafkaRight.useGroup.fault(settings, failure.code) }
    if failure.code.isFencing {
      return FatalFault(
        .identityInUse, "Another offsets command of this group is at work; nothing was written.")
    }
    if failure.code.isAccessRefusal {
      return FatalFault(
        .accessDenied, "Kafka refuses to let the group's offsets be changed: \(failure.description).")
    }
    return FatalFault(.brokerUnreachable, "Kafka did not answer in time: \(failure.description).")
  }
}
