package import BridgeCore
import CRdKafka

/// The member of the consumer group: hands out what happens in the group and the records of its partitions. All calls
/// come from one thread, none of them waits for a broker. It goes after the committer has stopped.
package struct KafkaIntake: ~Copyable {
  /// Why partitions are given up although nobody else asked for them.
  enum Rejoining {
    case no
    /// The position of a partition is not in its log any more: the assignment is drained, then recovered anew.
    case afterDraining
    /// A plain commit went without an answer: nothing may be committed before the group knows us anew.
    case atOnce
  }

  let settings: KafkaSettings
  let membership: GroupMembership
  let notices: KafkaNotices
  let observer: ClientObserver
  let client: ClientHandle
  let wake: WakeSignal
  let arrivals: ArrivalSignal
  /// For whoever waits on `descriptor`: it is not readable, and needs no look until it is.
  package var isQuiet = false
  /// The same of `recordsDescriptor`.
  package var hasNoArrivals = false
  var queues = PartitionQueues()

  /// Counts the assignments of this process.
  var epoch = Epoch(0)
  /// Nothing to be released before the next assignment.
  var ownsAssignment = false
  var rejoining = Rejoining.no
  /// What a cooperative rebalance changes once the loop has let go of what it has.
  var change: AssignmentChange?
  var isLeaving = false
  /// The client does nothing any more; it is destroyed without leaving.
  var hasFailed = false
  /// Found on the way, handed out first.
  var waitingEvents: [MembershipEvent] = []
  /// Events were seen, or may have come, since the queue was seen empty.
  var mayHaveEvents = true
  var eventsPolledAt = MonotonicTime(microseconds: 0)
  /// Rebalance events void what a heartbeat proved before.
  var voidedAt = MonotonicTime(microseconds: 0)
  /// How many commits had gone unanswered when the one under way was sent.
  var plainCommitUnderWay: Int?

  /// An idle member polls at least this often: only that tells the group that it works.
  static let eventPollInterval = TimeSpan.seconds(1)

  /// Makes the client; it connects, but joins nothing before `subscribe`. `partitionCount` is the input topic's.
  package init(
    _ settings: KafkaSettings, partitionCount: Int, membership: GroupMembership, notices: KafkaNotices
  ) throws(FatalFault) {
    let observer = ClientObserver(notices: notices)
    let wake = try WakeSignal()
    let arrivals = try ArrivalSignal()
    let client = try settings.makeConsumer(ReadAhead(partitionCount: partitionCount), observer: observer)
    client.raiseAtEvents(wake)
    self.settings = settings
    self.membership = membership
    self.notices = notices
    self.observer = observer
    self.wake = consume wake
    self.arrivals = consume arrivals
    self.client = consume client
    membership.plainCommits.connect(loop: self.wake.descriptor)
  }

  deinit {
    membership.plainCommits.connect(loop: -1)
    queues.letGoAll()
    // An assignment or a revocation that still waits for its answer would keep the client from ever going.
    client.unassignAll()
  }

  /// Joins the group. With transactions the committer is prepared before: that ends what a predecessor left open.
  package mutating func subscribe() throws(FatalFault) {
    let code = subscribeToInput()
    guard code.isSuccess else {
      throw FatalFault(.configuration, "Subscribing to \(settings.inputTopic) failed: \(code.sentence).")
    }
  }

  /// An eventfd; readable when something may have happened in the group. `nextMembershipEvent` clears it.
  package var descriptor: Int32 { wake.descriptor }

  /// Readable when records may have come. `nextMembershipEvent` clears it.
  package var recordsDescriptor: Int32 { arrivals.descriptor }

  package mutating func nextNotice() -> KafkaNotice? { notices.next() }

  /// When the last heartbeat was sent that proves the membership: it was answered, another one followed, and nothing
  /// has happened in the group since.
  package var provenHeartbeat: MonotonicTime? {
    guard let time = observer.provenHeartbeat, time > voidedAt else { return nil }
    return time
  }

  /// Whether `take` may find something. False means that the partition's queue was seen empty and that nothing has
  /// raised `recordsDescriptor` since, up to the last `nextMembershipEvent`.
  package func mayHaveRecords(_ partition: PartitionIndex) -> Bool {
    guard let place = queues.place(of: partition) else { return false }
    return place.pointee.isStarted && place.pointee.mayHaveRecords
  }

  /// The group was left, or cannot be left properly any more.
  package var hasLeft: Bool {
    isLeaving && (hasFailed || client.isClosed)
  }
}
