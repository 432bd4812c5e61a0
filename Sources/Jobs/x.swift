internal import Dataflow
