// Call the operations with the generated client, and say which: `operations URL NAME`.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	chat "generated"
)

const password = "a long secret"

// done says which operation was called; what it answers must be what is described for success.
func done[T any](operation string) func(T, *http.Response, error) T {
	return func(answer T, _ *http.Response, err error) T {
		if err != nil {
			panic(fmt.Sprint(operation, ": ", err))
		}
		fmt.Println(operation)
		return answer
	}
}

func check(isTrue bool, what string) {
	if !isTrue {
		panic(what)
	}
}

func main() {
	url, name := os.Args[1], os.Args[2]
	configuration := chat.NewConfiguration()
	configuration.Servers = chat.ServerConfigurations{{URL: url}}
	api := chat.NewAPIClient(configuration).NativeAPI
	anybody := context.Background()

	server := done[*chat.ServerInfo]("server_info")(api.ServerInfo(anybody).Execute())
	check(server.Protocol == 1 && server.Limits.Text == 4000, "what the server is")
	done[*chat.Session]("register")(api.Register(anybody).Register(*chat.NewRegister(name, password)).Execute())
	first := done[*chat.Session]("log_in")(api.LogIn(anybody).Login(*chat.NewLogin(name, password)).Execute())
	used := chat.Refresh{}
	used.SetRefresh(first.GetRefresh())
	session := done[*chat.Session]("refresh")(api.Refresh(anybody).Refresh(used).Execute())

	ctx := context.WithValue(anybody, chat.ContextAccessToken, session.Access)
	me := done[*chat.Me]("me")(api.Me(ctx).Execute())
	check(!me.HasDisplay(), "a field at its default is left out")
	change := chat.ChangeMe{}
	change.SetDisplay("The " + name)
	done[*chat.Me]("change_me")(api.ChangeMe(ctx).ChangeMe(change).Execute())
	sessions := done[*chat.Sessions]("sessions")(api.Sessions(ctx).Execute())
	check(len(sessions.Sessions) == 2, "two sessions")
	done[*chat.People]("people")(api.People(ctx).Q(name).Limit(5).Execute())
	person := done[*chat.Person]("person")(api.Person(ctx, me.Id).Execute())
	check(person.GetDisplay() == "The " + name, "the new name")

	create := chat.NewCreateRoom("room of " + name)
	create.SetPrivate(true)
	made := done[*chat.Room]("new_room")(api.NewRoom(ctx).CreateRoom(*create).Execute())
	check(done[*chat.Room]("room")(api.Room(ctx, made.Id).Execute()).GetPrivate(), "a private room")
	check(len(done[*chat.Rooms]("own_rooms")(api.OwnRooms(ctx).Limit(100).Execute()).Rooms) == 2, "two rooms")
	changed := chat.ChangeRoom{}
	changed.SetTopic("types")
	done[*chat.Room]("change_room")(api.ChangeRoom(ctx, made.Id).ChangeRoom(changed).Execute())
	mine := chat.Mine{}
	mine.SetNotify("all")
	done[*chat.Room]("mine")(api.Mine(ctx, made.Id).Mine(mine).Execute())
	invitation := chat.CreateInvite{}
	invitation.SetRoom(made.Id)
	invitation.SetUses(3)
	invite := done[*chat.Invite]("new_invite")(api.NewInvite(ctx).CreateInvite(invitation).Execute())
	check(done[*chat.Invite]("invite")(api.Invite(anybody, invite.Code).Execute()).Uses == 3, "three uses")

	notes, err := os.CreateTemp("", "notes")
	check(err == nil, "a file to upload")
	defer os.Remove(notes.Name())
	notes.WriteString("notes")
	notes.Seek(0, 0)
	file := done[*chat.FileInfo]("upload")(api.Upload(ctx, made.Id).Name("notes.txt").Body(notes).Execute())
	download := done[*os.File]("download")(api.Download(ctx, file.Id).Execute())
	defer os.Remove(download.Name())
	text, _ := os.ReadFile(download.Name())
	check(string(text) == "notes", "the bytes of the file")

	message := chat.NewCreateMessage("k-1")
	message.SetText("hello")
	message.SetFiles([]int64{file.Id})
	said := done[*chat.Message]("send")(api.Send(ctx, made.Id).CreateMessage(*message).Execute())
	messages := done[*chat.Messages]("history")(api.History(ctx, made.Id).Limit(10).Execute()).Messages
	last := messages[len(messages)-1]
	check(last.GetText() == "hello" && last.Files[0].Name == "notes.txt", "the message")
	edit := chat.NewChangeMessage("hello again")
	check(done[*chat.Message]("edit")(api.Edit(ctx, made.Id, said.Seq).ChangeMessage(*edit).Execute()).HasEdited(), "edited")
	reacted := done[*chat.Message]("react")(api.React(ctx, made.Id, said.Seq, "👍").Execute())
	check(reacted.Reactions[0].Count == 1, "one reaction")
	done[*chat.Counts]("read")(api.Read(ctx, made.Id).ReadUpTo(*chat.NewReadUpTo(said.Seq)).Execute())
	done[*chat.Hits]("search")(api.Search(ctx).Q("hello").From(me.Id).Execute())
	deleted := done[*chat.Message]("delete")(api.Delete(ctx, made.Id, said.Seq).Execute())
	check(!deleted.HasText() && deleted.Deleted.GetBy() == me.Id, "a text at its default is left out")

	_, missing, err := api.Room(ctx, 999999).Execute()
	check(err != nil && missing.StatusCode == 404, "an error")
	used.SetRefresh(session.GetRefresh())
	if _, err := api.LogOut(anybody).Refresh(used).Execute(); err != nil {
		panic(err)
	}
	fmt.Println("log_out")
}
