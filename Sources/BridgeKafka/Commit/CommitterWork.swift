import BridgeCore

/// What the committer's thread does. Everything in here may block for seconds.
struct CommitterWork: ~Copyable {
  let settings: KafkaSettings
  let desk: CommitterDesk
  let membership: GroupMembership
  let notices: KafkaNotices
  let tokenOf: KafkaCommitter.TokenReader

  /// Nil before it is needed, and after something that only a new one gets over.
  var producer: OutcomeProducer?
  var inquirer: GroupInquirer?
  var conduct = TransactionConduct()
  var warnedRecovery = 0
  /// The one under way, or the last one.
  var search: OutcomeSearch?
  var warnedRefusedSearch = false

  init(
    settings: KafkaSettings, desk: CommitterDesk, membership: GroupMembership, notices: KafkaNotices,
    tokenOf: @escaping KafkaCommitter.TokenReader
  ) {
    self.settings = settings
    self.desk = desk
    self.membership = membership
    self.notices = notices
    self.tokenOf = tokenOf
    producer = nil
    inquirer = nil
    search = nil
  }

  /// Between two tries that failed without waiting themselves.
  static let retryPause = TimeSpan.milliseconds(200)

  mutating func run() {
    while true {
      switch desk.next(within: .seconds(1)) {
      case .prepare(let deadline): desk.finish(prepare(until: deadline))
      case .commit(let batch):
        guard let answer = commit(batch) else { return }
        desk.answer(.batch(answer))
      case .recover(let request):
        if let partitions = recover(request) {
          desk.answer(request, partitions)
        } else if !desk.hasBatch {
          desk.pause(Self.retryPause)
        }
      case .nothing:
        // Keeps reports and errors of idle clients from piling up.
        produce { $0.poll() }
        inquire { $0.serve() }
      case .stop: return
      }
    }
  }

  // MARK: the producer

  private mutating func prepare(until deadline: MonotonicTime) -> CommitterDesk.Preparation {
    do throws(FatalFault) {
      let made = try OutcomeProducer(settings, notices: notices)
      if settings.guarantee == .exactlyOnce {
        let failure = made.initialize { !desk.isOver && MonotonicTime.now < deadline }
        if let failure { throw settings.startFault(made.client.fatalFailure() ?? failure) }
      }
      producer = consume made
      return .ready
    } catch {
      return .failed(error)
    }
  }

  /// A producer that may begin: none of its requests is without an answer. In an outage it takes until there is one;
  /// false if it is time to stop.
  mutating func ensureProducer() -> Bool {
    if hasSpoiledProducer { producer = nil }
    guard !hasProducer else { return true }
    var reported = false
    while !desk.isOver {
      do throws(FatalFault) {
        let made = try OutcomeProducer(settings, notices: notices)
        guard settings.guarantee == .exactlyOnce,
          let failure = made.initialize(while: { !desk.isOver })
        else {
          producer = consume made
          desk.producerRecreated()
          notices.post(KafkaNotice(.note, "the producer of outcomes was made anew"))
          return true
        }
        if !reported {
          notices.post(
            KafkaNotice(
              .error, "the producer of outcomes cannot be made ready", code: failure.code.name,
              detail: failure.text))
          reported = true
        }
      } catch {
        notices.post(KafkaNotice(.error, "the producer of outcomes cannot be made", detail: error.message))
      }
      desk.pause(KafkaTimes.slice)
    }
    return false
  }

  private var hasProducer: Bool { produce { _ in true } ?? false }

  private var hasSpoiledProducer: Bool {
    produce { $0.hasUnansweredRequest || $0.client.fatalFailure() != nil } ?? false
  }

  mutating func dropProducer() { producer = nil }

  /// Calls `use` with the producer, if there is one.
  @discardableResult
  borrowing func produce<Result>(_ use: (borrowing OutcomeProducer) -> Result) -> Result? {
    switch producer {
    case .some(let producer): use(producer)
    case .none: nil
    }
  }

  // MARK: the inquirer

  /// Calls `use` with the client that asks, if there is one.
  @discardableResult
  borrowing func inquire<Result>(_ use: (borrowing GroupInquirer) -> Result) -> Result? {
    switch inquirer {
    case .some(let inquirer): use(inquirer)
    case .none: nil
    }
  }

  mutating func ensureInquirer() -> Bool {
    guard !(inquire { _ in true } ?? false) else { return true }
    do throws(FatalFault) {
      inquirer = try GroupInquirer(settings, notices: notices)
      return true
    } catch {
      notices.post(KafkaNotice(.error, "the reader of offsets cannot be made", detail: error.message))
      return false
    }
  }
}
