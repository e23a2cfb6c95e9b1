package port

// The variables that tell an agent its task, one of which is set.
const (
	TaskVariable    = "AEGIS_TASK"     // the message
	TaskRefVariable = "AEGIS_TASK_REF" // a task.Ref to it, below ObjectPrefix
	// MaxTaskVariable is the longest message that is passed in TaskVariable: the
	// overrides of RunTask have 8192 characters in all, escaping included.
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
	MaxTaskVariable = 6000
)
