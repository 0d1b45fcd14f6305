internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka
internal import Outcomes
internal import ResultTopic

/// What `lippi-bridge results` was asked for.
struct ResultsRequest {
  var source: ResultReader.Source
  var filter = OutcomeFilter()
  var follows: Bool
  var isJSON: Bool
  var timeout: TimeSpan

  /// - Throws: `UsageFault`, or `ConfigurationRefusal`.
  init(_ arguments: CommandArguments) throws {
    follows = arguments.isSet("--follow")
    isJSON = arguments.isSet("--json")
    let partitions = try arguments.values(of: "--partition").map { text throws(UsageFault) in
      guard let partition = PartitionIndex(text), partition >= 0 else {
        throw UsageFault(sentence: "--partition \(text) is no number from 0")
      }
      return partition
    }
    filter = try Self.filter(arguments, now: WorkerClock.now().wall)
    (source, timeout) = try Self.source(arguments)
    source.partitions = partitions.isEmpty ? nil : Array(Set(partitions)).sorted()
  }

  private static func source(
    _ arguments: CommandArguments
  ) throws(ConfigurationRefusal) -> (ResultReader.Source, TimeSpan) {
    if let servers = arguments.value(of: "--bootstrap"), !ConfigurationReading.isAskedFor(arguments) {
      let topic = arguments.value(of: "--topic") ?? standardTopic
      return (ResultReader.Source(bootstrapServers: servers, topic: topic), standardTimeout)
    }
    let settings = try ConfigurationReading.read(arguments).kafkaSettings
    let source = ResultReader.Source(
      bootstrapServers: arguments.value(of: "--bootstrap") ?? settings.bootstrapServers,
      properties: settings.properties, topic: arguments.value(of: "--topic") ?? settings.resultTopic)
    return (source, settings.startupTimeout)
  }

  private static let standardTopic = "chat-outcomes"
  private static let standardTimeout = TimeSpan.seconds(30)

  private static func filter(
    _ arguments: CommandArguments, now: WallTime
  ) throws(UsageFault) -> OutcomeFilter {
    var filter = OutcomeFilter()
    for text in arguments.values(of: "--outcome") {
      filter.kinds.insert(try choice(text, "--outcome", OutcomeKind.allCases) { "\($0.name)" })
    }
    for text in arguments.values(of: "--class") {
      filter.errorClasses.insert(try choice(text, "--class", ErrorClass.allCases) { "\($0.name)" })
    }
    filter.sids = Set(arguments.values(of: "--sid"))
    filter.messageIDs = Set(arguments.values(of: "--message-id"))
    filter.since = try time(arguments, "--since", now)
    filter.until = try time(arguments, "--until", now)
    return filter
  }

  private static func choice<Choice>(
    _ text: String, _ option: String, _ choices: [Choice], _ name: (Choice) -> String
  ) throws(UsageFault) -> Choice {
    if let choice = choices.first(where: { name($0) == text }) { return choice }
    let names = choices.map(name)
    let meant = Suggestion.nearest(to: text, among: names).map { "; did you mean \($0)?" }
    throw UsageFault(
      sentence: "\(option) \(text) is none of \(names.joined(separator: ", "))\(meant ?? "")")
  }

  private static func time(
    _ arguments: CommandArguments, _ option: String, _ now: WallTime
  ) throws(UsageFault) -> WallTime? {
    guard let text = arguments.value(of: option) else { return nil }
    if let time = TimeText.epochMilliseconds(text) { return WallTime(milliseconds: time) }
    do throws(ValueFault) {
      return WallTime(milliseconds: now.milliseconds - (try DurationText.milliseconds(text)))
    } catch {
      throw UsageFault(
        sentence:
          "\(option) \(text) is no time such as 2025-01-31T08:00:00Z, and as a duration it \(error.sentence)")
    }
  }
}
