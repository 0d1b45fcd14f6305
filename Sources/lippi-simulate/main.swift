// Tries the worker's logic on random schedules of faults. Not part of what is shipped.
internal import BridgeTesting
internal import Glibc

let code: Int32
do throws(SimulateCommand.UsageError) {
  let command = try SimulateCommand(Array(CommandLine.arguments.dropFirst()))
  code = command.run()
} catch {
  SimulateCommand.complain(error.text)
  code = 64
}
exit(code)
