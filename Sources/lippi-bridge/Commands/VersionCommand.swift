/// `lippi-bridge version`.
enum VersionCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    let rows = [("version", bridgeVersion)] + LinkedVersions.all
    if arguments.isSet("--json") {
      let members = rows.map { "\"\($0.0)\":\"\($0.1)\"" }
      StandardOutput.write("{\(members.joined(separator: ","))}\n")
    } else {
      for (name, version) in rows {
        StandardOutput.write("\(name == "version" ? "lippi-bridge" : name) \(version)\n")
      }
    }
    return .success
  }
}
