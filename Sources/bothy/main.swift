import Glibc

// A reader that goes away (`bothy sensor list | head`) is no reason to die of a signal.
signal(SIGPIPE, SIG_IGN)
exit(Entry.run(Array(CommandLine.arguments.dropFirst())))
