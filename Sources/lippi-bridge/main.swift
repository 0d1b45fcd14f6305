internal import Glibc

// The table decides what there is; see Commands/CommandTable.swift.
exit(CommandLineEntry.run(Array(CommandLine.arguments.dropFirst())).rawValue)
