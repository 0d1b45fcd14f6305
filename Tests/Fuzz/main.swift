internal import Glibc

// lippi-fuzz TARGET [OPTIONS OF LIBFUZZER] [FOLDERS]: feeds one reader of outside data with random input.
// Built and started by `./dev fuzz`.

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ argumentCount: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ runOne: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
guard CommandLine.argc > 1 else {
  print(names)
  exit(0)
}
guard let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
  print("lippi-fuzz: no target \(CommandLine.arguments[1]); there are: \(names)")
  exit(64)
}

// libFuzzer sees its own name, then what stood behind the target.
var arguments = CommandLine.unsafeArgv + 1
arguments[0] = CommandLine.unsafeArgv[0]
var argumentCount = CommandLine.argc - 1

// A closure without captures each: that is all C can take.
switch target {
case .events:
  exit(
    runFuzzer(&argumentCount, &arguments) { bytes, count in
      EventFuzz.run(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    })
case .answers:
  exit(
    runFuzzer(&argumentCount, &arguments) { bytes, count in
      AnswerFuzz.run(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    })
case .recovery:
  exit(
    runFuzzer(&argumentCount, &arguments) { bytes, count in
      RecoveryFuzz.run(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    })
case .configuration:
  exit(
    runFuzzer(&argumentCount, &arguments) { bytes, count in
      ConfigurationFuzz.run(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    })
}
