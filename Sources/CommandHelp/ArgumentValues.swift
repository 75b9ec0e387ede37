public import ArgumentParser
public import Shared

extension TimeSpan: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

extension KeyScope: ExpressibleByArgument {}
