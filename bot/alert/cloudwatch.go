package alert

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// alarm is what CloudWatch tells through SNS when an alarm changes
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html).
type alarm struct {
	Name        string `json:"AlarmName"`
	Description text   `json:"AlarmDescription"`
	ARN         string `json:"AlarmArn"`
	Account     text   `json:"AWSAccountId"`
	State       string `json:"NewStateValue"`
	Before      text   `json:"OldStateValue"`
	Reason      text   `json:"NewStateReason"`
	Changed     moment `json:"StateChangeTime"`
	Region      text   `json:"Region"`
	Trigger     struct {
		Metric     text `json:"MetricName"`
		Namespace  text `json:"Namespace"`
		Dimensions []struct {
			Name  text `json:"name"`
			Value text `json:"value"`
		} `json:"Dimensions"`
	} `json:"Trigger"`
}

// decode makes a signal of a notification that is proven. A subscription is
// confirmed; there is nothing to store of it.
func (s *sns) decode(r *http.Request, body []byte) (batch, error) {
	var e envelope
	if err := inbound.JSON(body, &e); err != nil {
		return batch{}, err
	}
	if e.MessageID == "" {
		return batch{}, errors.New("MessageId is missing")
	}
	b := batch{id: e.MessageID}
	switch e.Type {
	case subscription:
		return b, s.confirm(r.Context(), &e)
	case unsubscribed:
		s.log.Warn("the subscription to an SNS topic has ended: its alarms come no more", "topic", e.TopicArn)
		return b, nil
	case notification:
		one, err := e.signal()
		b.signals = []bot.Signal{one}
		return b, err
	}
	return b, fmt.Errorf("Type is %q: it has to be %s, %s or %s", e.Type, notification, subscription, unsubscribed)
}

// signal is the alarm that a notification is about, or a note if it is about none.
func (e *envelope) signal() (bot.Signal, error) {
	var a alarm
	if err := json.Unmarshal([]byte(e.Message), &a); err != nil || a.Name == "" && a.State == "" {
		return e.note(), nil
	}
	if a.Name == "" {
		return bot.Signal{}, errors.New("Message.AlarmName is missing")
	}
	if alarmStates[a.State] == "" {
		return bot.Signal{}, fmt.Errorf("Message.NewStateValue is %q: it has to be OK, ALARM or INSUFFICIENT_DATA", a.State)
	}
	return a.signal(e), nil
}

// note is a message that is no alarm's.
func (e *envelope) note() bot.Signal {
	subject := ""
	if e.Subject != nil {
		subject = *e.Subject
	}
	first, _, _ := strings.Cut(strings.TrimSpace(e.Message), "\n")
	s := bot.Signal{ID: e.MessageID, At: when(e.Timestamp)}
	s.Key, s.Event, s.State = e.TopicArn+"/"+e.MessageID, "notification", incident.StateInfo
	s.Title, s.Text = cmp.Or(subject, first), news("notification", subject, e.Message)
	return s
}

var alarmStates = map[string]string{
	"ALARM": incident.StateFiring, "OK": incident.StateResolved, "INSUFFICIENT_DATA": incident.StateNoData,
}

func (a *alarm) signal(e *envelope) bot.Signal {
	s := bot.Signal{At: a.Changed.Time}
	s.Key = cmp.Or(a.ARN, string(a.Account)+"/"+string(a.Region)+"/"+a.Name)
	s.Event, s.State = a.State, alarmStates[a.State]
	s.Title = a.Name
	if e.Subject != nil {
		s.Whole = *e.Subject
	}
	s.Text = lines(string(a.Description), string(a.Reason))
	s.Labels = a.labels()
	s.Service, s.Urgency = pick(s.Labels, inbound.ServiceLabels), pick(s.Labels, inbound.UrgencyLabels)
	s.Link = a.link(cmp.Or(a.ARN, e.TopicArn))
	if s.State == incident.StateFiring {
		s.Since = s.At
	}
	s.ID = cmp.Or(eventID(s.Key, a.State, s.At), e.MessageID)
	return s
}

func (a *alarm) labels() map[string]string {
	out := map[string]string{
		"account": string(a.Account), "region": string(a.Region), "before": string(a.Before),
		"metric": string(a.Trigger.Metric), "namespace": string(a.Trigger.Namespace),
	}
	for _, d := range a.Trigger.Dimensions {
		out[string(d.Name)] = string(d.Value)
	}
	return out
}

// consoles are where the console of a partition of AWS is.
var consoles = map[string]string{"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}

// link is the alarm in the console, which the message does not say: the region is
// that of the ARN of the alarm, or of its topic.
func (a *alarm) link(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 5 || consoles[parts[1]] == "" || parts[3] == "" {
		return ""
	}
	region := url.QueryEscape(parts[3])
	return "https://" + region + "." + consoles[parts[1]] + "/cloudwatch/home?region=" + region + "#alarmsV2:alarm/" + url.PathEscape(a.Name)
}
