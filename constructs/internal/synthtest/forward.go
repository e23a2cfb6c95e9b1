package synthtest

import "github.com/aegis-agents/aegis/constructs/synthtest"

type Template = synthtest.Template

const StackName = synthtest.StackName

var (
	Main       = synthtest.Main
	Stack      = synthtest.Stack
	Problems   = synthtest.Problems
	App        = synthtest.App
	Get        = synthtest.Get
	GoldenText = synthtest.GoldenText
)
