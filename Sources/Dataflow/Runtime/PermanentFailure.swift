/// An error that trying again cannot cure: a wrong path, a position of other options. A job that meets one ends at once instead of starting again.
public protocol PermanentFailure: Error {}
