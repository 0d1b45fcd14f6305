/// How the program ends, for whoever started it. Numbers follow sysexits.h where it has one.
enum ExitCode: Int32 {
  case success = 0
  /// An event of the demonstration has no outcome, or on a real Kafka more than one; a worker is not healthy.
  case missingOutcome = 1
  /// The command line is not understood.
  case usage = 64
  /// The data given are bad.
  case badData = 65
  /// An input file is missing or empty.
  case noInput = 66
  /// No broker was reached within `kafka.startup_timeout`, or no worker at its admin port.
  case brokerUnreachable = 69
  /// A watchdog: the loop stood still.
  case loopSilent = 70
  /// A watchdog: a transaction made no progress although brokers were there.
  case transactionStuck = 71
  /// A watchdog: closing the Kafka clients did not end.
  case closeStuck = 72
  /// Another process uses our transactional id.
  case fenced = 73
  /// Not everything was finished before the grace period ended, or a second signal came.
  case drainMissed = 75
  /// Authentication failed, or a right is missing.
  case permissionDenied = 77
  /// The configuration, the topics or the start position have to be put right first.
  case configuration = 78

  /// In words, for the help.
  var meaning: String {
    switch self {
    case .success: "everything is done"
    case .missingOutcome:
      "demo: an event has no outcome, or on a real Kafka more than one; health: the worker is not healthy"
    case .usage: "the command line is not understood"
    case .badData: "bad data"
    case .noInput: "an input file is missing or empty"
    case .brokerUnreachable:
      "no broker was reached within kafka.startup_timeout; health, pause, resume: no worker was reached"
    case .loopSilent: "watchdog: the worker's loop stood still"
    case .transactionStuck: "watchdog: a transaction made no progress"
    case .closeStuck: "watchdog: closing the Kafka clients did not end"
    case .fenced: "another process uses the same transactional id"
    case .drainMissed: "not finished within the grace period, or a second signal"
    case .permissionDenied: "authentication failed, or a right is missing"
    case .configuration: "configuration, missing topic or partitions, no start position"
    }
  }
}
