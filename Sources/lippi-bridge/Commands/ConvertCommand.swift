internal import BridgeConfiguration
internal import BridgeCore
internal import ChatEvents

extension CommandTable {
  static let convert = Command(
    name: "convert",
    summary: "shows what the worker would send for events, or why it would not",
    explanation:
      "Reads one event per line from stdin and writes one line for each: the two parameters of the gateway's request, "
      + "or every problem with its place. No network; without --config or --set the events are read as they are by "
      + "default.",
    options: [
      CommandOption(name: "--explain", form: .flag, summary: "also says where each member came from"),
      CommandOption(
        name: "--records", form: .flag,
        summary: "lines are records: {\"key\":…,\"headers\":{…},\"value\":\"…\"}, or value_base64"),
      .configurationFile, .setting,
    ],
    exitCodes: [.badData, .configuration],
    examples: [
      CommandExample(
        line: "lippi-bridge convert < config/examples/events.jsonl", effect: "one event a line"),
      CommandExample(
        line: "lippi-bridge convert --explain --config config/examples/chat-platform.yaml "
          + "< config/examples/chat-platform.jsonl",
        effect: "with a mapping"),
    ],
    perform: ConvertCommand.perform)
}

/// `lippi-bridge convert`.
enum ConvertCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    let settings: EventSettings
    do throws(ConfigurationRefusal) {
      settings =
        ConfigurationReading.isAskedFor(arguments)
        ? EventSettings(try Configuration.readEvents(ConfigurationReading.sources(arguments)), topic: "")
        : EventSettings(topic: "")
    } catch {
      StandardError.write(error.report)
      return .configuration
    }
    var conversion = Conversion(settings, explains: arguments.isSet("--explain"))
    let areRecords = arguments.isSet("--records")
    var reader = JSONReader(depthLimit: RecordLine.depthLimit)
    LineInput.forEachLine { number, line in
      guard areRecords else {
        let record = RecordView(partition: 0, offset: 0, timestamp: nil, key: nil, value: line)
        return conversion.show(record, number: number)
      }
      do throws(RecordLine.Fault) {
        try RecordLine(line, &reader).withView { conversion.show($0, number: number) }
      } catch {
        conversion.refuse("the line \(error.sentence)", number: number)
      }
    }
    return conversion.invalidCount == 0 ? .success : .badData
  }
}
